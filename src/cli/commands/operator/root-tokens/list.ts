import { defineCommand } from '../../../command.ts'
import { attempt } from '../../../failure.ts'
import { table } from '../../../output/columns.ts'
import { printData } from '../../../output/print.ts'
import { entriesOf, member, plainText } from '../../../tree.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Lists the root tokens that live. Each may do everything: it is made for a task, and best revoked after it.

      $ coffer operator root-tokens list`,
  output: ['format'],
  async run(run) {
    run.expectArgs(0)
    const client = await run.client()
    const answer = await attempt('Error listing root tokens', client.json({ method: 'GET', path: 'sys/root-tokens' }))
    const data = member(answer, 'data') ?? answer
    if (!run.ui.isTable) return printData(run.ui, data, true)
    const rows = [...(entriesOf(member(data, 'key_info')) ?? [])].map(([accessor, info]) => [
      accessor,
      plainText(member(info, 'display_name')),
      plainText(member(info, 'creation_time')),
      plainText(member(info, 'expire_time')) || 'never',
    ])
    run.ui.print(
      rows.length === 0 ? 'No root token is alive' : table(['Accessor', 'Display Name', 'Created', 'Expires'], rows),
    )
    return 0
  },
})
