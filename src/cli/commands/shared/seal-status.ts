/** Seal status and, where the node knows it, who leads. */
import type { Client } from '../../client/client.ts'
import { ResponseError } from '../../client/response-error.ts'
import { attempt } from '../../failure.ts'
import { table } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import { sealStatusShape, shaped } from '../../output/structs.ts'
import type { Ui } from '../../output/ui.ts'
import { booleanOf, entriesOf, member, numberOf, plainText, tree } from '../../tree.ts'
import type { JsonTree } from '../../tree.ts'

const sealedStatus = 503

/** `status` is the reply of `sys/seal-status` or `sys/unseal`. Returns the exit code. */
export async function printSealStatus(ui: Ui, client: Client, status: JsonTree): Promise<number> {
  const leader = await attempt('Error checking leader status', leaderOf(client, status), 1)
  const both = tree(new Map([...(entriesOf(status) ?? []), ...(entriesOf(leader) ?? [])]))
  if (!ui.isTable) return printData(ui, shaped(both, sealStatusShape), true)
  ui.print(table(['Key', 'Value'], [...sealRows(both), ...serverRows(both), ...leaderRows(both)]))
  return 0
}

/** Of a namespace's seal: `status` is the data of `sys/namespaces/:path/seal-status` or `unseal`. Returns the exit code. */
export async function printNamespaceSeal(ui: Ui, status: JsonTree): Promise<number> {
  if (!ui.isTable) return printData(ui, status)
  ui.print(table(['Key', 'Value'], sealRows(status)))
  return 0
}

/** A sealed node cannot tell who leads, only that somebody may. */
async function leaderOf(client: Client, status: JsonTree): Promise<JsonTree> {
  try {
    return await client.json({ method: 'GET', path: 'sys/leader' })
  } catch (error) {
    if (error instanceof ResponseError && error.status === sealedStatus) return tree({ ha_enabled: true })
    if (error instanceof ResponseError && booleanOf(member(status, 'initialized')) === false)
      return tree({ ha_enabled: false })
    throw error
  }
}

type Pair = readonly [string, string]

function sealRows(status: JsonTree): Pair[] {
  const text = (name: string): string => plainText(member(status, name))
  const recovery = isTrue(status, 'recovery_seal')
  return [
    ['Seal Type', text('type')],
    ...(recovery ? [['Recovery Seal Type', text('recovery_seal_type')] as const] : []),
    ['Initialized', text('initialized')],
    ['Sealed', text('sealed')],
    [`Total ${recovery ? 'Recovery ' : ''}Shares`, text('n')],
    ['Threshold', text('t')],
    ...(isTrue(status, 'sealed')
      ? ([
          ['Unseal Progress', `${text('progress')}/${text('t')}`],
          ['Unseal Nonce', text('nonce')],
        ] as const)
      : []),
  ]
}

function serverRows(status: JsonTree): Pair[] {
  const text = (name: string): string => plainText(member(status, name))
  const rows: Pair[] = []
  if (isTrue(status, 'migration')) rows.push(['Seal Migration in Progress', 'true'])
  for (const [title, name] of [
    ['Version', 'version'],
    ['Build Date', 'build_date'],
    ['Storage Type', 'storage_type'],
  ] as const) {
    if (text(name) !== '') rows.push([title, text(name)])
  }
  if (text('cluster_name') !== '' && text('cluster_id') !== '') {
    rows.push(['Cluster Name', text('cluster_name')], ['Cluster ID', text('cluster_id')])
  }
  return rows
}

function leaderRows(status: JsonTree): Pair[] {
  const text = (name: string): string => plainText(member(status, name))
  const rows: Pair[] = [['HA Enabled', String(isTrue(status, 'ha_enabled'))]]
  if (isTrue(status, 'ha_enabled') && !isTrue(status, 'sealed')) {
    const self = isTrue(status, 'is_self')
    rows.push(['HA Cluster', text('leader_cluster_address')], ['HA Mode', self ? 'active' : 'standby'])
    const since = text('active_time')
    if (self && since !== '' && !since.startsWith('0001-')) rows.push(['Active Since', since])
    if (!self && text('leader_address') !== '') rows.push(['Active Node Address', text('leader_address')])
  }
  for (const [title, name] of [
    ['Raft Committed Index', 'raft_committed_index'],
    ['Raft Applied Index', 'raft_applied_index'],
  ] as const) {
    if ((numberOf(member(status, name)) ?? 0) > 0) rows.push([title, text(name)])
  }
  return rows
}

function isTrue(status: JsonTree, name: string): boolean {
  return booleanOf(member(status, name)) === true
}
