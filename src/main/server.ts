/** `coffer server`: from flags and files to a listening server, and back down in order. */
import { hostname } from 'node:os'
import { parseFlags } from '../cli/flags/parse.ts'
import { environmentReader } from '../cli/environment.ts'
import { CliFailure } from '../cli/failure.ts'
import type { CliIo } from '../cli/io.ts'
import { composeServer, type Server } from '../core/compose.ts'
import { harden, type HardeningFinding } from '../core/hardening.ts'
import { version } from '../core/version.ts'
import { systemClock } from '../lib/clock.ts'
import { createLogger, FileSink, levelNames, LogLevels, Metrics, parseLogLevel, type Logger, type LogLevel } from '../lib/observe/index.ts'
import { startListener, type Listener } from '../listener/index.ts'
import type { Driver } from '../storage/driver.ts'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { banner, devNotice } from './banner.ts'
import { fromConfigFiles } from './config-settings.ts'
import { devSettings } from './dev-settings.ts'
import { openDevelopmentServer, prepareDevFolder } from './dev-setup.ts'
import { writePidFile } from './pid-file.ts'
import { serverFlags, type ServerFlags } from './server-flags.ts'
import { serverHelp } from './server-help.ts'
import type { Settings } from './settings.ts'
import { storeDevToken } from './dev-token.ts'
import { waitForEnd, type Reloads } from './signals.ts'

/** How long requests under way may take to end when the server stops, ms. */
const GRACE = 10_000

export async function serverCommand(args: readonly string[], io: CliIo): Promise<number> {
  if (args.some((arg) => /^--?h(elp)?$/.test(arg))) {
    io.stdout.write(`${serverHelp()}\n`)
    return 0
  }
  try {
    const parsed = parseFlags(serverFlags, args, environmentReader(io.env))
    // The parser read these by the same declarations that ServerFlags is derived from.
    const flags = Object.fromEntries(parsed.values) as unknown as ServerFlags
    if (parsed.rest.length > 0) throw new CliFailure(`Too many arguments (expected 0, got ${parsed.rest.length})`, 1)
    return await run(flags, io)
  } catch (error) {
    io.stderr.write(`${error instanceof Error ? error.message : 'the server could not start'}\n`)
    return 1
  }
}

async function run(flags: ServerFlags, io: CliIo): Promise<number> {
  const isDev = flags.dev || flags['dev-persistent']
  if (isDev && flags.config.length > 0) throw new CliFailure('A development server takes no -config: leave out -dev, or the configuration', 1)
  const folder = flags['dev-persistent'] ? prepareDevFolder(process.cwd()) : undefined
  const settings = withFlags(isDev ? devSettings(flags, folder?.store) : fromConfigFiles(flags.config), flags)
  const levels = new LogLevels(settings.log.level)
  const file = settings.log.file === undefined ? [] : [await FileSink.open(settings.log.file)]
  const sinks = [FileSink.of(2), ...file]
  const log = createLogger({ levels, format: settings.log.format, sinks, clock: systemClock })
  surviveStrays(log)
  const findings = harden({ privatePaths: [...settings.configFiles, ...(settings.storage.type === 'lmdb' ? [settings.storage.path] : [])] })
  const metrics = new Metrics(systemClock)
  const driver = openDriver(settings)
  const server = await composeServer({
    driver,
    clock: systemClock,
    log: log.named('core'),
    levels,
    metrics,
    systemLimits: settings.systemLimits,
    jsonLimits: settings.jsonLimits,
    clusterName: settings.clusterName,
    apiAddress: settings.apiAddress,
    hostname: hostname(),
    auditDevices: settings.auditDevices,
    auditForbiddenFolders: settings.forbiddenFolders,
    allowApiAuditCreation: settings.allowApiAuditCreation,
    allowAuditPrefix: settings.allowAuditPrefix,
    dataFolder: settings.storage.type === 'lmdb' ? settings.storage.path : undefined,
    sanitizedConfig: settings.sanitized,
    ...(flags['dev-root-token-id'] === '' ? {} : { devRootToken: flags['dev-root-token-id'] }),
  })
  const listeners: Listener[] = []
  try {
    // A development server opens before it listens, so that its first answer is a useful one.
    const keys = isDev ? await openDevelopmentServer(server, folder?.keysFile) : undefined
    for (const config of settings.listeners) {
      listeners.push(await startListener(config, server.handler, { clock: systemClock, log: log.named('http'), metrics }))
    }
    const addresses = listeners.map((listener) => listener.address())
    io.stdout.write(banner(settings, addresses, findings))
    if (keys !== undefined) io.stdout.write(devNotice(keys, settings, folder?.keysFile))
    if (keys?.fresh === true && flags.dev && !flags['dev-no-store-token']) storeDevToken(io, keys.rootToken)
    report(log, settings, findings)
    using _pid = writePidFile(settings.pidFile)
    await waitForEnd(log, reloads(server, listeners, sinks, log))
    return 0
  } finally {
    await stop(server, listeners, log)
    await Promise.all(sinks.map((sink) => sink.flush()))
  }
}

function withFlags(settings: Settings, flags: ServerFlags): Settings {
  const level = flags['log-level'] === '' ? settings.log.level : levelOf(flags['log-level'])
  const format = flags['log-format'] === 'json' ? 'json' : flags['log-format'] === 'standard' ? 'standard' : settings.log.format
  return { ...settings, log: { ...settings.log, level, format } }
}

function levelOf(text: string): LogLevel {
  const level = parseLogLevel(text)
  if (level === undefined) throw new CliFailure(`-log-level takes ${levelNames.join(', ')}`, 1)
  return level
}

function openDriver(settings: Settings): Driver {
  return settings.storage.type === 'lmdb' ? new LmdbDriver({ path: settings.storage.path }) : new MemoryDriver()
}

/** A stray failure is logged and survived: a server that ends is a vault that is sealed. */
function surviveStrays(log: Logger): void {
  const tell = (what: string, error: unknown) => {
    const stack = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at ')).slice(0, 8).join(' |') : ''
    log.error(what, { cause: error instanceof Error ? error.name : typeof error, stack })
  }
  process.on('unhandledRejection', (error) => tell('a promise was rejected and nobody noticed', error))
  process.on('uncaughtException', (error) => tell('an exception reached the top', error))
}

function report(log: Logger, settings: Settings, findings: readonly HardeningFinding[]): void {
  log.info('coffer is listening', { version, node: process.versions.node })
  for (const warning of settings.warnings) log.warn(warning)
  for (const { check, status, detail, advice } of findings) {
    if (status === 'ok') log.debug(detail, { check })
    else log.warn(detail, { check, advice })
  }
}

function reloads(server: Server, listeners: readonly Listener[], sinks: readonly FileSink[], log: Logger): Reloads {
  return {
    reload: async () => {
      for (const listener of listeners) {
        try {
          await listener.reload()
        } catch (error) {
          log.error('the certificates could not be reloaded; the old ones stay in use', { reason: error instanceof Error ? error.message : 'unknown' })
        }
      }
      await server.reopenAuditFiles()
      for (const sink of sinks) await sink.reopen()
      log.info('reloaded certificates and log files')
    },
  }
}

async function stop(server: Server, listeners: readonly Listener[], log: Logger): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close(GRACE)))
  await server.close()
  log.info('stopped')
}
