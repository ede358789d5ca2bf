import { definePath, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { rawJson, rawSchema } from '../raw.ts'

const leaderReply = rawSchema('Which server of the cluster is the active one.', {
  ha_enabled: f.bool('The storage lets several servers share it.'),
  is_self: f.bool('This server is the active one of several.'),
  active_time: f.time('Since when; the year 1 where nothing is shared.'),
  leader_address: f.string('API address of the active server.'),
  leader_cluster_address: f.string('Cluster address of the active server.'),
  performance_standby: f.bool('This server answers reads only.'),
  performance_standby_last_remote_wal: f.int('How far it follows.'),
})

const nodeFields = {
  hostname: f.string('Name of its machine.'),
  api_address: f.string('Where it answers clients.'),
  cluster_address: f.string('Where it answers the other servers.'),
  active_node: f.bool('It is the active one.'),
  last_echo: f.time('When it was last heard of; null for the active one.').orNull(),
  version: f.string('Its version.'),
}

const haReply = replySchema('The servers of the cluster.', { nodes: f.array(f.object(nodeFields), 'Each server.') })

/** Go's zero time, which Vault sends for "never". */
const NEVER = '0001-01-01T00:00:00Z'

export function leaderPaths({ lifecycle }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('leader', {
      help: 'The active server.',
      params: {},
      flags: {
        rootNamespaceOnly: true,
        unauthenticated: true,
        whileSealed: true,
        unaudited: true,
        neverWrapped: true,
        place: 'node',
      },
    }).read({
      summary: 'Tell which server is the active one.',
      replies: { 200: leaderReply },
      run: async () => {
        const leader = await lifecycle.leader()
        const since = leader?.isSelf === true ? lifecycle.activeSince() : undefined
        return rawJson({
          ha_enabled: lifecycle.shared,
          is_self: leader?.isSelf ?? false,
          active_time: since === undefined ? NEVER : rfc3339(since),
          leader_address: leader?.apiAddress ?? '',
          leader_cluster_address: leader?.clusterAddress ?? '',
          performance_standby: false,
          performance_standby_last_remote_wal: 0,
        })
      },
    }),
    definePath('ha-status', {
      help: 'The servers of the cluster.',
      params: {},
      flags: { place: 'leader', rootNamespaceOnly: true },
    }).read({
      summary: 'List the servers of the cluster.',
      replies: { 200: haReply },
      run: () =>
        ok(
          haReply,
          {
            nodes: lifecycle.nodes().map((node) => ({
              hostname: node.hostname,
              api_address: node.apiAddress,
              cluster_address: node.clusterAddress,
              active_node: node.active,
              last_echo: node.lastEcho ?? null,
              version: node.version,
            })),
          },
          { flatten: true },
        ),
    }),
    definePath('step-down', {
      help: 'Let another server become the active one.',
      params: {},
      flags: { sudo: true, rootNamespaceOnly: true },
    }).compute({
      summary: 'Give up being the active server; a single server stays it.',
      replies: { 204: none },
      run: async () => {
        await lifecycle.stepDown()
        return done()
      },
    }),
  ]
}
