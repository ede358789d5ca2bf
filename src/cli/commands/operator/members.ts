import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { table } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import type { Shape } from '../../output/structs.ts'
import { shaped } from '../../output/structs.ts'
import { booleanOf, itemsOf, member, plainText, tree } from '../../tree.ts'

const nodeShape: Shape = [
  ['hostname', '""'],
  ['api_address', '""'],
  ['cluster_address', '""'],
  ['active_node', 'false'],
  ['last_echo', 'null'],
  ['version', '""'],
  ['upgrade_version', undefined],
]

export const command = defineCommand({
  usage: '[options]',
  help: `  Lists the nodes of the cluster, and which of them is active.

      $ coffer operator members`,
  output: ['format'],
  async run(run) {
    run.expectArgs(0)
    const status = await attempt(
      'Error listing members',
      (await run.client()).json({ method: 'GET', path: 'sys/ha-status' }),
    )
    const nodes = itemsOf(member(status, 'nodes') ?? member(status, 'data', 'nodes') ?? member(status, 'Nodes')) ?? []
    if (!run.ui.isTable) return printData(run.ui, tree({ Nodes: nodes.map((node) => shaped(node, nodeShape)) }), true)
    const rows = nodes.map((node) => [
      plainText(member(node, 'hostname')),
      plainText(member(node, 'api_address')),
      plainText(member(node, 'cluster_address')),
      String(booleanOf(member(node, 'active_node')) ?? false),
      plainText(member(node, 'version')),
      plainText(member(node, 'upgrade_version')),
      plainText(member(node, 'last_echo')).replace(/\.\d+/, ''),
    ])
    run.ui.print(
      table(
        ['Host Name', 'API Address', 'Cluster Address', 'Active Node', 'Version', 'Upgrade Version', 'Last Echo'],
        rows,
      ),
    )
    return 0
  },
})
