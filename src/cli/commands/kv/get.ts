import type { Secret } from '../../client/secret.ts'
import { defineCommand } from '../../command.ts'
import { attempt, failure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { printData, printField, printSecret, printSecretField } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'
import { entriesOf, isAbsent, member } from '../../tree.ts'
import type { JsonEntries } from '../../tree.ts'
import { headingFor, printPath } from './heading.ts'
import { mount, resolveTarget } from './target.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Prints the values of a key. A key that does not exist is an error (exit code 2).

      $ coffer kv get -mount=secret foo
      $ coffer kv get secret/foo
      $ coffer kv get -mount=secret -version=1 foo
      $ coffer kv get -field=password secret/foo`,
  output: ['field', 'format'],
  optionsTitle: 'Common Options',
  flags: { mount, version: flag.int({ usage: 'Print this version instead of the current one.' }) },
  async run(run) {
    run.expectArgs(1)
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, run.arg(0).replace(/^\//, ''))
    const path = target.path('data')
    const query = target.v2 && run.flags.version > 0 ? ([['version', String(run.flags.version)]] as const) : []
    const secret = await attempt(`Error reading ${path}`, client.read(path, query))
    if (secret === undefined) throw failure(`No value found at ${path}`)
    if (run.ui.field !== '')
      return target.v2 ? printVersionField(run.ui, secret, path) : printSecretField(run.ui, secret)
    if (secret.wrapInfo !== undefined || !run.ui.isTable) return printSecret(run.ui, secret)
    return printTables(run.ui, secret, target.v2 ? path : undefined)
  },
})

/** `-field` names a member of the secret itself; `data` is all of it, unless the secret has a member of that name. */
async function printVersionField(ui: Ui, secret: Secret, path: string): Promise<number> {
  if (secret.wrapInfo !== undefined) return printSecretField(ui, secret)
  const data = secret.data?.get('data')
  if (data === undefined || data.kind === 'null') throw failure(`No data found at ${path}`)
  return printField(ui, member(data, ui.field) ?? (ui.field === 'data' ? data : undefined))
}

async function printTables(ui: Ui, secret: Secret, versionedPath: string | undefined): Promise<number> {
  const { printWarnings } = await import('../../output/secret-table.ts')
  printWarnings(ui, secret)
  if (versionedPath === undefined) {
    if (secret.data !== undefined) await printTable(ui, 'Data', secret.data)
    return 0
  }
  printPath(ui, 'Secret Path', versionedPath)
  const metadata = secret.data?.get('metadata')
  if (!isAbsent(metadata)) {
    await printTable(ui, 'Metadata', entriesOf(metadata) ?? new Map())
    ui.print('')
  }
  const data = entriesOf(secret.data?.get('data'))
  if (data !== undefined) await printTable(ui, 'Data', data)
  return 0
}

async function printTable(ui: Ui, title: string, entries: JsonEntries): Promise<void> {
  ui.print(headingFor(title, entries))
  await printData(ui, { kind: 'object', entries })
}
