/** A server that runs: made of its settings, reloaded at SIGHUP, brought down in order. */
import { hostname } from 'node:os'
import { composeServer, type Server } from '../core/compose.ts'
import { systemClock } from '../lib/clock.ts'
import { Metrics } from '../lib/observe/index.ts'
import { startListener, type Listener } from '../listener/index.ts'
import { openStorage } from './open-storage.ts'
import type { ServerLog } from './log-setup.ts'
import type { LogSettings, Settings } from './settings.ts'

/** How long requests under way may take to end when the server stops, ms. */
const GRACE = 10_000

export interface RunningServer extends AsyncDisposable {
  readonly server: Server
  /** Where it listens. */
  readonly addresses: readonly string[]
  /** `rereadLevels` reads the configuration again; undefined keeps the levels. Never rejects. */
  reload(rereadLevels: (() => Pick<LogSettings, 'level' | 'requests'>) | undefined): Promise<void>
}

export interface StartOptions {
  readonly devRootToken?: string
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
  const server = await compose(settings, serverLog, metrics, options.devRootToken)
  const listeners: Listener[] = []
  const stop = async () => {
    await Promise.all(listeners.map((listener) => listener.close(GRACE)))
    await server.close()
    log.info('stopped')
  }
  try {
    await options.beforeListening?.(server)
    for (const config of settings.listeners) {
      listeners.push(
        await startListener(config, server.handler, { clock: systemClock, log: log.named('http'), metrics }),
      )
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    server,
    addresses: listeners.map((listener) => listener.address()),
    reload: (rereadLevels) => reload(server, listeners, serverLog, rereadLevels),
    [Symbol.asyncDispose]: stop,
  }
}

async function compose(
  settings: Settings,
  { log, levels, requests }: ServerLog,
  metrics: Metrics,
  devRootToken: string | undefined,
): Promise<Server> {
  const host = hostname()
  const { telemetry } = settings
  return composeServer({
    driver: await openStorage(settings.storage),
    clock: systemClock,
    log: log.named('core'),
    levels,
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
    clusterName: settings.clusterName,
    apiAddress: settings.apiAddress,
    hostname: host,
    hostnameHeader: settings.hostnameHeader,
    rawStorage: settings.rawStorage,
    auditDevices: settings.auditDevices,
    auditForbiddenFolders: settings.closedToAudit,
    allowApiAuditCreation: settings.allowApiAuditCreation,
    allowAuditPrefix: settings.allowAuditPrefix,
    dataFolder: settings.storage.type === 'lmdb' ? settings.storage.path : undefined,
    sanitizedConfig: settings.sanitized,
    ...(devRootToken === undefined ? {} : { devRootToken }),
  })
}

/** Each part by itself: what is wrong with one must not keep the others as they were. */
async function reload(
  server: Server,
  listeners: readonly Listener[],
  serverLog: ServerLog,
  rereadLevels: Parameters<RunningServer['reload']>[0],
): Promise<void> {
  const { log } = serverLog
  const attempt = async (what: string, part: () => Promise<void> | void) => {
    try {
      await part()
    } catch (error) {
      log.error(`${what}; what was there stays in use`, { reason: error instanceof Error ? error.message : 'unknown' })
    }
  }
  for (const listener of listeners)
    await attempt(`the certificates of ${listener.address()} could not be reloaded`, () => listener.reload())
  await attempt('the audit files could not be opened again', () => server.reopenAuditFiles())
  await attempt('the log file could not be opened again', () => serverLog.reopen())
  if (rereadLevels !== undefined) {
    await attempt('the configuration could not be read again', () => {
      const { level, requests } = rereadLevels()
      serverLog.levels.configure(level)
      serverLog.requests.level = requests
    })
  }
  log.info('reloaded certificates, log files and log levels')
}
