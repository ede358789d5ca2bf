import type { Secret } from '../../client/secret.ts'
import { defineCommand } from '../../command.ts'
import { attempt, failure, usageFailure } from '../../failure.ts'
import { printData, printSecret, printSecretField } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'
import { sanitizePath } from '../../paths.ts'
import { entriesOf } from '../../tree.ts'
import { headingFor, printPath } from './heading.ts'
import { mount, resolveTarget } from './target.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Prints the settings of a key, and what is known of its versions.

      $ coffer kv metadata get -mount=secret foo`,
  output: ['field', 'format'],
  optionsTitle: 'Common Options',
  flags: { mount },
  async run(run) {
    run.expectArgs(1)
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
    if (!target.v2) throw usageFailure('Metadata not supported on KV Version 1')
    const path = target.path('metadata')
    const secret = await attempt(`Error reading ${path}`, client.read(path))
    if (secret === undefined) throw failure(`No value found at ${path}`)
    if (run.ui.field !== '') return printSecretField(run.ui, secret)
    if (secret.wrapInfo !== undefined || !run.ui.isTable) return printSecret(run.ui, secret)
    return printTables(run.ui, secret, path)
  },
})

async function printTables(ui: Ui, secret: Secret, path: string): Promise<number> {
  const versions = entriesOf(secret.data?.get('versions'))
  if (versions === undefined) throw failure(`No value found at ${path}`)
  const data = new Map([...(secret.data ?? [])].filter(([name]) => name !== 'versions'))
  printPath(ui, 'Metadata Path', path)
  ui.print(headingFor('Metadata', data))
  await printSecret(ui, { ...secret, data })
  for (const [number, version] of [...versions].toSorted(([a], [b]) => Number(a) - Number(b))) {
    ui.print(`\n${headingFor(`Version ${number}`, entriesOf(version) ?? new Map())}`)
    await printData(ui, version)
  }
  return 0
}
