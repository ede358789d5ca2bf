import { definePath, f, type Infer, type PathDefinition } from '#framework'
import type { ServerState, SystemPorts } from '../../../request/system-ports.ts'
import { rawJson, rawSchema } from '../raw.ts'

const healthReply = rawSchema('The state of the server; the status code tells the same.', {
  initialized: f.bool('There is a vault.'),
  sealed: f.bool('It is sealed.'),
  standby: f.bool('Another server answers requests.'),
  performance_standby: f.bool('It answers reads only.'),
  replication_performance_mode: f.string('State of performance replication.'),
  replication_dr_mode: f.string('State of disaster recovery replication.'),
  server_time_utc: f.int("The server's clock, seconds since 1970."),
  version: f.string("The server's version."),
  cluster_name: f.string('Name of the cluster; while unsealed.').optional(),
  cluster_id: f.string('Id of the cluster; while unsealed.').optional(),
})

/** 1xx would not end the reply. */
const status = (when: string, otherwise: number) =>
  f
    .int(`Status code ${when}.`)
    .check('an HTTP status code from 200 to 599', (code) => code >= 200 && code <= 599)
    .default(otherwise)

const fields = {
  standbyok: f.bool('A standby server answers as the active one does.').default(false),
  perfstandbyok: f.bool('A performance standby answers as the active one does.').default(false),
  activecode: status('of an active server', 200),
  standbycode: status('of a standby server', 429),
  drsecondarycode: status('of a disaster recovery secondary', 472),
  performancestandbycode: status('of a performance standby', 473),
  sealedcode: status('of a sealed server', 503),
  uninitcode: status('of a server that is not initialized', 501),
}

export function healthPaths({ lifecycle, observe }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('health', {
      help: 'The state of the server, for load balancers and probes.',
      description: 'HEAD gives the status code alone.',
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
      summary: 'Tell whether the server answers requests.',
      fields,
      replies: { 200: healthReply, 429: healthReply, 501: healthReply, 503: healthReply },
      run: (c) => {
        const state = lifecycle.state()
        const { clusterName, clusterId } = lifecycle.sealStatus()
        const { redactClusterName, redactVersion } = c.request.listener
        const closed = state === 'uninitialized' || state === 'sealed'
        const replication = closed ? 'unknown' : 'disabled'
        const body = {
          initialized: state !== 'uninitialized',
          sealed: closed,
          standby: state !== 'active',
          performance_standby: false,
          replication_performance_mode: replication,
          replication_dr_mode: replication,
          server_time_utc: Math.floor(c.clock.now() / 1000),
          version: redactVersion ? '' : observe.version,
          cluster_name: redactClusterName ? undefined : clusterName,
          cluster_id: clusterId,
        }
        return rawJson(body, codeOf(state, c.in))
      },
    }),
  ]
}

function codeOf(state: ServerState, asked: Infer<typeof fields>): number {
  switch (state) {
    case 'uninitialized':
      return asked.uninitcode
    case 'sealed':
      return asked.sealedcode
    // It answers nobody, so it is not as good as an active one, whatever is asked.
    case 'restoring':
      return asked.standbycode
    case 'standby':
      return asked.standbyok ? asked.activecode : asked.standbycode
    case 'active':
      return asked.activecode
  }
}
