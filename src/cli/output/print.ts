/** Prints what a command got, in the format that was asked for. Each function returns the exit code. */
import type { Secret } from '../client/secret.ts'
import { listedKeys } from '../client/secret.ts'
import { nullTree, tree } from '../tree.ts'
import type { JsonTree } from '../tree.ts'
import { rawField } from './field.ts'
import { goText } from './go-text.ts'
import { prettyJson, sorted } from './json.ts'
import { authShape, shaped, wrapInfoShape } from './structs.ts'
import type { Ui } from './ui.ts'

/** The envelope as Vault's command line prints it, whatever more the server sent. */
export function secretTree(secret: Secret): JsonTree {
  return tree({
    request_id: secret.requestId,
    lease_id: secret.leaseId,
    lease_duration: secret.leaseDuration,
    renewable: secret.renewable,
    data: secret.data === undefined ? null : sorted({ kind: 'object', entries: secret.data }),
    warnings: secret.warnings ?? null,
    auth: secret.auth === undefined ? undefined : shaped(secret.auth, authShape),
    wrap_info: secret.wrapInfo === undefined ? undefined : shaped(secret.wrapInfo, wrapInfoShape),
  })
}

export async function printSecret(ui: Ui, secret: Secret): Promise<number> {
  if (!ui.isTable) return printText(ui, secretTree(secret))
  const { secretTable } = await import('./secret-table.ts')
  const text = secretTable(ui, secret)
  if (text !== '') ui.print(text)
  return 0
}

/** An object as a table of keys and values, or in another format as it is. Keys are sorted unless `ordered`. */
export async function printData(ui: Ui, data: JsonTree, ordered = false): Promise<number> {
  if (!ui.isTable) return printText(ui, ordered ? data : sorted(data))
  if (data.kind !== 'object') {
    ui.error('Could not parse output: cannot use the table formatter for this type')
    return 1
  }
  const { mapTable } = await import('./secret-table.ts')
  const text = mapTable(data.entries)
  if (text !== '') ui.print(text)
  return 0
}

/** The keys of a LIST's reply. */
export async function printList(ui: Ui, secret: Secret): Promise<number> {
  if (!ui.isTable) {
    return printText(
      ui,
      ui.detailed && ui.format === 'json' ? secretTree(secret) : (secret.data?.get('keys') ?? nullTree),
    )
  }
  const { listTable } = await import('./list-table.ts')
  const text = listTable(ui, secret, listedKeys(secret) ?? [])
  if (text !== '') ui.print(text)
  return 0
}

export async function printText(ui: Ui, data: JsonTree): Promise<number> {
  ui.print((await formatted(ui, data)).replace(/\n$/, ''))
  return 0
}

async function formatted(ui: Ui, data: JsonTree): Promise<string> {
  if (ui.format === 'json') return prettyJson(data)
  const { yaml } = await import('./yaml.ts')
  return yaml(data)
}

/** `-field` of a secret. */
export async function printSecretField(ui: Ui, secret: Secret, field = ui.field): Promise<number> {
  return printField(ui, rawField(secret, field), field)
}

/** One value; none at all is an error. */
export async function printField(ui: Ui, value: JsonTree | undefined, field = ui.field): Promise<number> {
  if (value === undefined || value.kind === 'null') {
    ui.error(`Field ${JSON.stringify(field)} not present in secret`)
    return 1
  }
  ui.printRaw(ui.isTable || ui.format === 'raw' ? goText(value) : await formatted(ui, sorted(value)))
  return 0
}
