import type { Clock } from '../clock.ts'
import { formatJson, formatStandard } from './format.ts'
import type { LogEntry, LogFields, LogFormat } from './format.ts'
import { levelNames } from './level.ts'
import type { LevelCell, LogLevel, LogLevels } from './level.ts'
import type { LogSink } from './sink.ts'

/** Logging never throws and never waits. */
export interface Logger {
  /** Whether a line of this level would be written; for lines that are costly to make. */
  enabled(level: LogLevel): boolean
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The logger of a part: `log.named('expiration')` of `core` writes as `core.expiration`. */
  named(name: string): Logger
  /** This logger with fields that stand on each of its lines, such as `request_id`. */
  with(fields: LogFields): Logger
}

/** Somebody who listens to the log while it is written. */
export interface LogTap {
  hear(entry: LogEntry): void
}

export interface LoggerConfig {
  readonly levels: LogLevels
  readonly format: LogFormat
  readonly sinks: readonly LogSink[]
  readonly clock: Clock
  /** Who listens besides; told of lines that the log does not take, too. */
  readonly tap?: LogTap | undefined
}

/** The root logger. Its parts share levels, format and sinks. */
export function createLogger(config: LoggerConfig): Logger {
  return new SinkLogger(config, '', [])
}

class SinkLogger implements Logger {
  readonly #config: LoggerConfig
  readonly #module: string
  readonly #fields: readonly LogFields[]
  readonly #cell: LevelCell

  constructor(config: LoggerConfig, module: string, fields: readonly LogFields[]) {
    this.#config = config
    this.#module = module
    this.#fields = fields
    this.#cell = config.levels.cell(module)
  }

  trace(message: string, fields?: LogFields): void {
    this.#write(0, message, fields)
  }

  debug(message: string, fields?: LogFields): void {
    this.#write(1, message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#write(2, message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#write(3, message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#write(4, message, fields)
  }

  enabled(level: LogLevel): boolean {
    return levelNames.indexOf(level) >= this.#cell.rank
  }

  named(name: string): Logger {
    return new SinkLogger(this.#config, this.#module === '' ? name : `${this.#module}.${name}`, this.#fields)
  }

  with(fields: LogFields): Logger {
    return new SinkLogger(this.#config, this.#module, [...this.#fields, fields])
  }

  #write(rank: number, message: string, fields: LogFields | undefined): void {
    if (rank < this.#cell.rank) return
    const { format, sinks, clock, tap } = this.#config
    const entry: LogEntry = {
      time: clock.now(),
      level: levelNames[rank] ?? 'error',
      module: this.#module,
      message,
      fields: fields === undefined ? this.#fields : [...this.#fields, fields],
    }
    tap?.hear(entry)
    if (rank < this.#cell.written) return
    const line = renderEntry(entry, format)
    for (const sink of sinks) sink.write(line)
  }
}

/** A field whose conversion throws (a cycle, a hostile getter) costs the fields, not the line. */
export function renderEntry(entry: LogEntry, format: LogFormat): string {
  const write = format === 'json' ? formatJson : formatStandard
  try {
    return write(entry)
  } catch {
    return write({ ...entry, fields: [{ log_error: 'the fields of this line cannot be written' }] })
  }
}

function nothing(): void {}

/** Writes nothing. */
export const silentLogger: Logger = Object.freeze({
  enabled: () => false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  named: () => silentLogger,
  with: () => silentLogger,
})
