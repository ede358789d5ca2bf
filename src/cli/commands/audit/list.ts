import { defineCommand } from '../../command.ts'
import { attempt, failure } from '../../failure.ts'
import { table } from '../../output/columns.ts'
import { sortedEntries } from '../../output/go-text.ts'
import { printData } from '../../output/print.ts'
import { auditShape, shapedMap } from '../../output/structs.ts'
import { booleanOf, entriesOf, member, plainText } from '../../tree.ts'
import type { JsonEntries } from '../../tree.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Lists the audit devices. With -detailed also how they are configured.

      $ coffer audit list -detailed`,
  output: ['format', 'detailed'],
  async run(run) {
    run.expectArgs(0)
    const answer = await attempt(
      'Error listing audits',
      (await run.client()).send({ method: 'GET', path: 'sys/audit' }),
    )
    if (answer?.data === undefined) throw failure('Error listing audits: data from server response is empty')
    if (!run.ui.isTable) return printData(run.ui, shapedMap({ kind: 'object', entries: answer.data }, auditShape), true)
    if (answer.data.size === 0) {
      run.ui.print('No audit devices are enabled.')
      return 2
    }
    run.ui.print(run.ui.detailed ? detailedTable(answer.data) : simpleTable(answer.data))
    return 0
  },
})

function simpleTable(devices: JsonEntries): string {
  const rows = sortedEntries(devices).map(([path, device]) => [
    plainText(member(device, 'path')) || path,
    plainText(member(device, 'type')),
    plainText(member(device, 'description')),
  ])
  return table(['Path', 'Type', 'Description'], rows)
}

function detailedTable(devices: JsonEntries): string {
  const rows = sortedEntries(devices).map(([path, device]) => [
    path,
    plainText(member(device, 'type')),
    plainText(member(device, 'description')),
    booleanOf(member(device, 'local')) === true ? 'local' : 'replicated',
    sortedEntries(entriesOf(member(device, 'options')) ?? new Map())
      .map(([name, value]) => `${name}=${plainText(value)}`)
      .join(' '),
  ])
  return table(['Path', 'Type', 'Description', 'Replication', 'Options'], rows)
}
