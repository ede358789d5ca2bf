/**
 * Hears of commits and of a leader who gives up, on a connection of its own. What it misses while that is away, or where nobody is
 * told at all, is found by looking every now and then.
 */
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import { Backoff, pause } from './postgres-backoff.ts'
import { type ErrorTranslator, isRefusal } from './postgres-error.ts'
import type { Connector } from './postgres-connection.ts'
import { Link } from './postgres-link.ts'
import type { PostgresNotices } from './postgres-notices.ts'
import type { Tables } from './postgres-tables.ts'

export type Notice = 'changed' | 'released'

/** The payload that tells of a released leadership; any other is the number of a commit. */
export const RELEASED = 'released'

export interface ListenerOptions {
  readonly connector: Connector
  readonly tables: Tables
  readonly clock: Clock
  readonly log: Logger | undefined
  readonly errors: ErrorTranslator
  readonly notices: PostgresNotices
  /** ms between looks. */
  readonly poll: number
}

export class PostgresListener {
  readonly #options: ListenerOptions
  readonly #link: Link
  readonly #heard = new Set<(notice: Notice) => void>()
  readonly #stop = new AbortController()
  #loops: Promise<unknown> | undefined

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#link = new Link(options.connector)
  }

  /** Returns the function that stops it. */
  subscribe(heard: (notice: Notice) => void): () => void {
    this.#heard.add(heard)
    return () => void this.#heard.delete(heard)
  }

  start(): void {
    this.#loops ??= Promise.all([this.#listen(), this.#look()])
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#link.close()
    await this.#loops
  }

  async #look(): Promise<void> {
    const { clock, poll } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      await pause(clock, poll, signal)
      this.#tell('changed')
    }
  }

  async #listen(): Promise<void> {
    const { clock, log, errors, notices } = this.#options
    if (!notices.possible) {
      log?.warn('the storage cannot tell of commits; looking for them instead')
      return
    }
    const { signal } = this.#stop
    const backoff = new Backoff()
    while (!signal.aborted) {
      try {
        const { gone } = await this.#connect()
        backoff.reset()
        // What was committed before is not told of.
        this.#tell('changed')
        await gone
      } catch (error) {
        if (signal.aborted) return
        if (isRefusal(error)) {
          log?.warn('the storage does not tell of commits; looking for them instead', {
            cause: errors.clean(error).message,
          })
          return
        }
      }
      await pause(clock, backoff.next(), signal)
    }
  }

  /** Resolves once it listens; `gone` when the connection has ended. */
  async #connect(): Promise<{ readonly gone: Promise<void> }> {
    const client = await this.#link.open()
    const gone = new Promise<void>((resolve) => void client.once('end', () => resolve()))
    client.on('notification', ({ payload }) => this.#tell(payload === RELEASED ? 'released' : 'changed'))
    await this.#link.query({ text: `LISTEN ${this.#options.tables.channel.quoted}` })
    return { gone }
  }

  #tell(notice: Notice): void {
    if (this.#stop.signal.aborted) return
    for (const heard of this.#heard) heard(notice)
  }
}
