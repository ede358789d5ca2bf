import type { Secret } from '../../client/secret.ts'
import { printSecret, printSecretField } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'

/** The server's answer, or nothing where it has none. */
export async function printAnswer(ui: Ui, secret: Secret | undefined): Promise<number> {
  if (secret === undefined) return 0
  return ui.field === '' ? printSecret(ui, secret) : printSecretField(ui, secret)
}
