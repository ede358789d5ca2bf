/** `coffer server`: from flags and files to a listening server, and back down in order. */
import { parseFlags } from '../cli/flags/parse.ts'
import { environmentReader } from '../cli/environment.ts'
import { CliFailure } from '../cli/failure.ts'
import type { CliIo } from '../cli/io.ts'
import { harden, type HardeningFinding } from '../core/hardening.ts'
import { version } from '../core/version.ts'
import { systemClock } from '../lib/clock.ts'
import { levelNames, parseLogLevel, type LogFormat, type Logger, type LogLevel } from '../lib/observe/index.ts'
import { banner, devNotice } from './banner.ts'
import { fromConfigFiles, reread } from './config-settings.ts'
import { devSettings } from './dev-settings.ts'
import { openDevelopmentServer, prepareDevFolder, type DevKeys } from './dev-setup.ts'
import { storeDevToken } from './dev-token.ts'
import { openLog } from './log-setup.ts'
import { withEnvironment } from './lockout-settings.ts'
import { PidFile } from './pid-file.ts'
import { startRunning } from './running.ts'
import { environmentOf } from './seal-environment.ts'
import { serverFlags, type ServerFlags } from './server-flags.ts'
import { serverHelp } from './server-help.ts'
import type { Reread, Settings } from './settings.ts'
import { waitForEnd } from './signals.ts'
import { surviveStrays } from './strays.ts'

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
  if (isDev && flags.config.length > 0)
    throw new CliFailure('A development server takes no -config: leave out -dev, or the configuration', 1)
  const folder = flags['dev-persistent'] ? prepareDevFolder(process.cwd()) : undefined
  const environment = environmentOf(io.env)
  const given = withFlags(isDev ? devSettings(flags, folder?.store) : fromConfigFiles(flags.config, environment), flags)
  const settings = { ...given, lockout: withEnvironment(given.lockout, environment) }
  const serverLog = await openLog(settings.log, systemClock)
  const { log } = serverLog
  surviveStrays(log)
  const findings = harden({
    privatePaths: [...settings.configFiles, ...(settings.storage.type === 'lmdb' ? [settings.storage.path] : [])],
  })
  try {
    let keys: DevKeys | undefined
    using pidFile = new PidFile(settings.pidFile)
    await using running = await startRunning(settings, serverLog, {
      environment,
      ...(isDev ? {} : { reread: () => rereadNow(flags, io) }),
      ...(flags['dev-root-token-id'] === '' ? {} : { devRootToken: flags['dev-root-token-id'] }),
      ...(isDev
        ? { beforeListening: async (server) => void (keys = await openDevelopmentServer(server, folder?.keysFile)) }
        : {}),
    })
    pidFile.write()
    io.stdout.write(banner(settings, running.addresses, findings))
    if (keys !== undefined) welcome(keys, settings, flags, folder?.keysFile, io)
    report(log, settings, findings)
    await waitForEnd(log, { reload: () => running.reload(isDev ? undefined : () => rereadNow(flags, io)) })
    return 0
  } finally {
    await serverLog.flush()
  }
}

function welcome(keys: DevKeys, settings: Settings, flags: ServerFlags, keysFile: string | undefined, io: CliIo): void {
  io.stdout.write(devNotice(keys, settings, keysFile))
  if (keys.fresh && flags.dev && !flags['dev-no-store-token']) storeDevToken(io, keys.rootToken)
}

/** What the flags say stands over the configuration, now as at the start. */
function rereadNow(flags: ServerFlags, io: CliIo): Reread {
  const now = reread(flags.config, environmentOf(io.env))
  return flags['log-level'] === '' ? now : { ...now, level: levelOf(flags['log-level']) }
}

function withFlags(settings: Settings, flags: ServerFlags): Settings {
  const level = flags['log-level'] === '' ? settings.log.level : levelOf(flags['log-level'])
  const format = flags['log-format'] === '' ? settings.log.format : formatOf(flags['log-format'])
  return { ...settings, log: { ...settings.log, level, format } }
}

function formatOf(text: string): LogFormat {
  const format = text.trim().toLowerCase()
  if (format !== 'json' && format !== 'standard') throw new CliFailure('-log-format takes standard or json', 1)
  return format
}

function levelOf(text: string): LogLevel {
  const level = parseLogLevel(text)
  if (level === undefined) throw new CliFailure(`-log-level takes ${levelNames.join(', ')}`, 1)
  return level
}

function report(log: Logger, settings: Settings, findings: readonly HardeningFinding[]): void {
  log.info('coffer is listening', { version, node: process.versions.node })
  for (const warning of settings.warnings) log.warn(warning)
  for (const { check, status, detail, advice } of findings) {
    if (status === 'ok') log.debug(detail, { check })
    else log.warn(detail, { check, advice })
  }
}
