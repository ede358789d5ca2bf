/** A server that runs: made of its settings, reloaded at SIGHUP, brought down in order. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { clusterNode } from '../cluster/cluster-node.ts'
import type { Environment } from '../config/index.ts'
import type { JoinCluster } from '../core/cluster-port.ts'
import { composeServer, type Server } from '../core/compose.ts'
import { version } from '../core/version.ts'
import { requestErrors } from '../errors/request.ts'
import { systemClock } from '../lib/clock.ts'
import { type Logger, Metrics } from '../lib/observe/index.ts'
import { uuid } from '../lib/secure/random.ts'
import type { WireReply } from '../request/wire.ts'
import type { Driver, Election } from '../storage/driver.ts'
import { firstStart } from './first-start.ts'
import { Front } from './front.ts'
import type { ServerLog } from './log-setup.ts'
import { makeSeals } from './seal-settings.ts'
import { Reloads } from './reload.ts'
import type { Reread, Settings } from './settings.ts'
import { openDriver } from './storage.ts'

/** How long requests under way may take to end when the server stops, ms. */
const GRACE = 10_000

export interface RunningServer extends AsyncDisposable {
  readonly server: Server
  readonly front: Front
  /** Where it listens. */
  readonly addresses: readonly string[]
  /** `reread` reads the configuration again; undefined keeps what there is. Never rejects. */
  reload(reread: (() => Reread) | undefined): Promise<void>
}

export interface StartOptions {
  /** For values of `initialize` stanzas. */
  readonly environment?: Environment
  readonly devRootToken?: string
  /** For `sys/config/reload/config`. */
  readonly reread?: () => Reread
  /** Called between composing and listening: a development server opens itself there, so that its first answer is a useful one. */
  readonly beforeListening?: (server: Server) => Promise<void>
}

export async function startRunning(
  settings: Settings,
  serverLog: ServerLog,
  options: StartOptions = {},
): Promise<RunningServer> {
  const { log } = serverLog
  const metrics = new Metrics(systemClock, settings.telemetry.maxSeries)
  const driver = await openDriver(settings.storage, settings.servingThreads > 0, {
    clock: systemClock,
    log: log.named('storage'),
    cachedEntries: settings.cachedEntries,
  })
  const front = new Front(settings, serverLog, metrics, driver)
  let server: Server | undefined
  const reloads = new Reloads({
    front,
    serverLog,
    server: () => {
      if (server === undefined) throw requestErrors.SEALED()
      return server
    },
  })
  reloads.reread = options.reread
  const stop = async () => {
    serverLog.hub.close()
    await front.close(GRACE)
    if (server === undefined) await driver.close()
    else await server.close()
    await front.end()
    log.info('stopped')
  }
  try {
    await front.start(
      (wire) => (server === undefined ? Promise.resolve(starting) : server.handedOver(wire)),
      (device, lines) => server?.takeAudited(device, lines) ?? Promise.reject(requestErrors.SEALED()),
    )
    const composed = await compose(settings, serverLog, metrics, driver, front, reloads, options.devRootToken)
    server = composed
    await options.beforeListening?.(composed)
    await firstStart(settings.initialize, {
      server: composed,
      log: log.named('start'),
      env: options.environment ?? (() => undefined),
    })
    composed.selfUnseal?.start()
    await front.listen(composed.handler)
    return {
      server: composed,
      front,
      addresses: front.addresses,
      reload: (reread) => reloads.all(reread),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** No thread listens before there is a core to hand requests to. */
const starting: WireReply = { status: 503, headers: [], body: undefined }

function compose(
  settings: Settings,
  { log, levels, requests, hub }: ServerLog,
  metrics: Metrics,
  driver: Driver,
  front: Front,
  reloads: Reloads,
  devRootToken: string | undefined,
): Promise<Server> {
  const host = hostname()
  const { telemetry } = settings
  return composeServer({
    driver,
    seals: makeSeals(settings.seals, { clock: systemClock, log: log.named('seal'), metrics, mayMakeKeys: true }),
    clock: systemClock,
    log: log.named('core'),
    levels,
    logHub: hub,
    reloads,
    metrics,
    telemetry: {
      hostname: host,
      prefix: telemetry.prefix,
      hostnameInGauges: telemetry.hostnameInGauges,
      hostnameAsLabel: telemetry.hostnameAsLabel,
      prefixFilter: telemetry.prefixFilter,
      filterDefault: telemetry.filterDefault,
      retention: telemetry.retention,
    },
    requestLog: requests,
    systemLimits: settings.systemLimits,
    lockout: settings.lockout,
    clusterName: settings.clusterName,
    apiAddress: settings.apiAddress,
    hostname: host,
    hostnameHeader: settings.hostnameHeader,
    administrative: settings.administrative,
    rateBuckets: front.rateBuckets,
    rawStorage: settings.rawStorage,
    allowHttpWebhooks: settings.allowHttpWebhooks,
    introspection: settings.introspection,
    auditDevices: settings.auditDevices,
    auditForbiddenFolders: settings.closedToAudit,
    allowApiAuditCreation: settings.allowApiAuditCreation,
    allowAuditPrefix: settings.allowAuditPrefix,
    dataFolder: settings.storage.type === 'lmdb' ? settings.storage.path : undefined,
    upgradeSnapshots: upgradeSnapshotFolder(settings),
    sanitizedConfig: settings.sanitized,
    ...(driver.election === undefined ? {} : { joinCluster: joinCluster(settings, driver.election, log, front) }),
    roleChanged: (role, leadership) => front.roleChanged(role, leadership),
    ...(front.threads === undefined ? {} : { threads: front.threads }),
    ...(devRootToken === undefined ? {} : { devRootToken }),
  })
}

/** Beside an embedded store, unless told otherwise. For one that is shared only its operator knows a place that lasts. */
function upgradeSnapshotFolder({ upgradeSnapshotPath, storage }: Settings): string | undefined {
  return upgradeSnapshotPath ?? (storage.type === 'lmdb' ? join(storage.path, 'snapshots') : undefined)
}

function joinCluster(settings: Settings, election: Election, log: Logger, front: Front): JoinCluster {
  const { apiAddress, cluster } = settings
  return clusterNode({
    clock: systemClock,
    log: log.named('cluster'),
    election,
    self: { id: uuid(), hostname: hostname(), apiAddress, clusterAddress: cluster.address, version },
    listen: cluster.listen,
    sequenceSeen: (sequence) => front.announce(sequence),
  })
}
