/** The log of a server: where it goes and how much of it there is. */
import { statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { RequestLog } from '../core/request-log.ts'
import type { Clock } from '../lib/clock.ts'
import { createLogger, FileSink, LogFile, LogHub, LogLevels, type Logger } from '../lib/observe/index.ts'
import type { LogSettings } from './settings.ts'

export interface ServerLog {
  readonly log: Logger
  readonly levels: LogLevels
  readonly requests: RequestLog
  /** Those who look on while it is written. */
  readonly hub: LogHub
  /** After somebody else rotated the file. */
  reopen(): Promise<void>
  /** A line that another thread has made. */
  writeLine(line: string): void
  flush(): Promise<void>
}

/** To standard error, and to the file if there is one. Throws a sentence if that cannot be opened. */
export async function openLog(settings: LogSettings, clock: Clock, terminal = FileSink.of(2)): Promise<ServerLog> {
  const levels = new LogLevels(settings.level)
  const file = settings.file === undefined ? undefined : await openFile(logFilePath(settings.file), settings, clock)
  const sinks = file === undefined ? [terminal] : [terminal, file]
  const hub = new LogHub(levels, clock)
  const log = createLogger({ levels, format: settings.format, sinks, clock, tap: hub })
  return {
    log,
    levels,
    hub,
    requests: new RequestLog(log.named('core'), settings.requests),
    reopen: async () => file?.reopen(),
    writeLine: (line) => {
      for (const sink of sinks) sink.write(line)
    },
    flush: async () => void (await Promise.all(sinks.map((sink) => sink.flush()))),
  }
}

/** As Vault completes the name, with a file name of our own. */
export function logFilePath(configured: string): string {
  if (configured.endsWith('/') || statSync(configured, { throwIfNoEntry: false })?.isDirectory() === true) {
    return join(configured, 'coffer.log')
  }
  return extname(configured) === '' ? `${configured}.log` : configured
}

async function openFile(path: string, { rotation }: LogSettings, clock: Clock): Promise<LogFile> {
  try {
    return await LogFile.open(path, rotation, clock)
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Error(`log_file ${path} cannot be opened (${why})`, { cause: error })
  }
}
