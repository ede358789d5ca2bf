import type { Secret } from '../../client/secret.ts'
import { isWrapped } from '../../client/secret.ts'
import { printData, printSecret, printSecretField } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'
import { printSuccess } from '../shared/written.ts'
import { headingFor, printPath } from './heading.ts'

/** What a write of data to a key gave: the new version's metadata, or nothing. */
export async function printNewVersion(ui: Ui, secret: Secret | undefined, path: string): Promise<number> {
  if (secret === undefined) return printSuccess(ui, `Data written to: ${path}`)
  if (ui.field !== '') return printSecretField(ui, secret)
  if (isWrapped(secret) || !ui.isTable) return printSecret(ui, secret)
  const entries = secret.data ?? new Map()
  printPath(ui, 'Secret Path', path)
  ui.print(headingFor('Metadata', entries))
  return printData(ui, { kind: 'object', entries })
}
