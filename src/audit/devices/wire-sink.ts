/**
 * Lines to another process, over a connection that is made at first need and, where it went bad, again. A receiver that hangs
 * costs one time-out; for a while after that, entries fail at once.
 */
import type { Clock } from '../../lib/clock.ts'
import type { Sink } from '../sink.ts'
import { withDeadline } from './deadline.ts'
import type { Connect, Wire } from './wire.ts'

export interface WireSinkOptions {
  readonly connect: Connect
  readonly clock: Clock
  /** Ms for a write, connecting included. */
  readonly timeout: number
  /** Of a line, where it has to fit in a datagram. */
  readonly maxLineBytes?: number
}

/** How long a receiver that did not take what it was sent in time is left alone, ms. */
const REST = 1000

export class WireSink implements Sink {
  readonly timeout: number
  readonly maxLineBytes?: number
  readonly #connect: Connect
  readonly #clock: Clock
  #wire: Wire | undefined
  /** On the monotonic clock. */
  #restsUntil = -Infinity
  #reason: unknown
  #closed = false

  constructor({ connect, clock, timeout, maxLineBytes }: WireSinkOptions) {
    this.#connect = connect
    this.#clock = clock
    this.timeout = timeout
    if (maxLineBytes !== undefined) this.maxLineBytes = maxLineBytes
  }

  /** Connects when there is something to say: a collector may come up later than the server. */
  async open(): Promise<void> {
    this.#closed = false
  }

  async write(lines: Uint8Array): Promise<void> {
    if (lines.length > 0) await this.#under((signal) => this.#send(lines, signal))
  }

  async reopen(): Promise<void> {
    this.#drop()
    this.#restsUntil = -Infinity
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#drop()
  }

  async #under(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#clock.monotonic() < this.#restsUntil) throw this.#reason
    await withDeadline(this.#clock, this.timeout, async (signal) => {
      try {
        await work(signal)
      } catch (error) {
        if (signal.aborted) {
          this.#restsUntil = this.#clock.monotonic() + REST
          this.#reason = error
        }
        throw error
      }
    })
  }

  /** Once more, over a new connection, where an old one turned out to be broken. */
  async #send(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    const isFresh = this.#wire?.alive !== true
    try {
      await (await this.#current(signal)).send(lines, signal)
    } catch (error) {
      this.#drop()
      if (isFresh || signal.aborted || this.#closed) throw error
      await (await this.#current(signal)).send(lines, signal)
    }
  }

  async #current(signal: AbortSignal): Promise<Wire> {
    if (this.#wire?.alive === true) return this.#wire
    this.#drop()
    this.#wire = await this.#connect(signal)
    return this.#wire
  }

  #drop(): void {
    this.#wire?.close()
    this.#wire = undefined
  }
}
