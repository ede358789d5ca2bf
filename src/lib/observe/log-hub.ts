/** Those who look on while the log is written (`sys/monitor`), each with a level and a form of his own. */
import type { Clock } from '../clock.ts'
import type { LogEntry, LogFormat } from './format.ts'
import { levelNames, type LogLevel, type LogLevels } from './level.ts'
import { LogListener } from './log-listener.ts'
import { renderEntry, type LogTap } from './logger.ts'

/** A line that another thread has made, in both forms: it does not know who listens here. */
export interface HeardLine {
  readonly level: LogLevel
  readonly standard: string
  readonly json: string
}

/** Of an entry of this thread, for another. */
export function heardLine(entry: LogEntry): HeardLine {
  return { level: entry.level, standard: renderEntry(entry, 'standard'), json: renderEntry(entry, 'json') }
}

/** More lookers-on than this are refused: each costs every line something. */
const MOST = 16

export class LogHub implements LogTap {
  readonly #levels: LogLevels
  readonly #clock: Clock
  readonly #listeners = new Set<LogListener>()
  #isClosed = false

  constructor(levels: LogLevels, clock: Clock) {
    this.#levels = levels
    this.#clock = clock
  }

  /** How many look on. */
  get size(): number {
    return this.#listeners.size
  }

  hear(entry: LogEntry): void {
    this.#tell(entry.level, (format) => renderEntry(entry, format))
  }

  relay(line: HeardLine): void {
    this.#tell(line.level, (format) => line[format])
  }

  /** Lines from the first reading on, until `close`. Undefined where there are too many already. */
  open(level: LogLevel, format: LogFormat): AsyncIterable<Uint8Array> | undefined {
    if (this.#listeners.size >= MOST) return undefined
    return new LogListener({
      rank: levelNames.indexOf(level),
      format,
      clock: this.#clock,
      began: (listener) => this.#add(listener),
      ended: (listener) => this.#remove(listener),
    })
  }

  /** The server ends: nobody is kept waiting for a line. */
  close(): void {
    this.#isClosed = true
    for (const listener of this.#listeners) listener.end()
  }

  #add(listener: LogListener): void {
    if (this.#isClosed || this.#listeners.size >= MOST) return listener.end()
    this.#listeners.add(listener)
    this.#tune()
  }

  #remove(listener: LogListener): void {
    this.#listeners.delete(listener)
    this.#tune()
  }

  #tune(): void {
    const least = Math.min(...[...this.#listeners].map(({ rank }) => rank))
    this.#levels.hear(levelNames[least] ?? 'off')
  }

  #tell(level: LogLevel, render: (format: LogFormat) => string): void {
    const rank = levelNames.indexOf(level)
    const lines = new Map<LogFormat, string>()
    for (const listener of this.#listeners) {
      if (rank < listener.rank) continue
      const line = lines.get(listener.format) ?? render(listener.format)
      lines.set(listener.format, line)
      listener.push(line)
    }
  }
}
