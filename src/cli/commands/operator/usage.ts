import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { columns, table } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import { itemsOf, member, numberOf, plainText, tree } from '../../tree.ts'
import type { JsonTree } from '../../tree.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Tells how many clients the server had, namespace by namespace: entities, and tokens without one.

      $ coffer operator usage
      $ coffer operator usage -start-time=2026-01 -end-time=2026-06`,
  output: ['format'],
  flags: {
    'start-time': flag.string({ usage: 'Start of the report: a month (2026-01), a day, or a time (RFC 3339).' }),
    'end-time': flag.string({ usage: 'End of the report, as well.' }),
  },
  async run(run) {
    run.expectArgs(0)
    const query = (['start-time', 'end-time'] as const).flatMap((name) => {
      const text = run.flags[name]
      return text === '' ? [] : [[name.replace('-', '_'), timeOf(name, text)] as const]
    })
    const client = await run.client()
    const answer = await attempt('Error retrieving client counts', client.read('sys/internal/counters/activity', query))
    if (answer?.data === undefined) {
      run.ui.warn('No data is available for the given time range.')
      return 0
    }
    if (!run.ui.isTable) return printData(run.ui, tree(answer.data), true)
    const { data } = answer
    run.ui.print(
      columns([
        ['Period start:', plainText(data.get('start_time'))],
        ['Period end:', plainText(data.get('end_time'))],
      ]),
    )
    const namespaces = itemsOf(data.get('by_namespace')) ?? []
    const rows = [
      ...namespaces.map((one) => [pathOf(one), ...countsOf(member(one, 'counts'))]),
      ['Total', ...countsOf(data.get('total'))],
    ]
    run.ui.print('')
    run.ui.print(table(['Namespace path', 'Entity Clients', 'Non-Entity clients', 'Active clients'], rows))
    return 0
  },
})

function pathOf(namespace: JsonTree): string {
  const path = plainText(member(namespace, 'namespace_path'))
  return path === '' ? '[root]' : path
}

function countsOf(counts: JsonTree | undefined): readonly string[] {
  return ['entity_clients', 'non_entity_clients', 'clients'].map((name) => String(numberOf(member(counts, name)) ?? 0))
}

/** `2026-01` is its first moment. */
function timeOf(name: string, text: string): string {
  const full = /^\d{4}-\d\d$/.test(text)
    ? `${text}-01T00:00:00Z`
    : /^\d{4}-\d\d-\d\d$/.test(text)
      ? `${text}T00:00:00Z`
      : text
  if (Number.isNaN(Date.parse(full))) throw usageFailure(`Invalid argument to -${name}: ${JSON.stringify(text)}`)
  return full
}
