/**
 * The lease that the leader's key hangs on. It counts from before each renewal was sent, and a while less than etcd counts: so when
 * etcd gives the key to somebody else, this process has known for that while that it does not lead.
 */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { EtcdClient } from './etcd-client.ts'

export interface LeaseOptions {
  readonly client: EtcdClient
  readonly clock: Clock
  readonly id: number
  readonly ttlSeconds: number
  /** Monotonic time from before the lease was granted. */
  readonly granted: number
}

/** Part of the lease's time that is given away, for what clocks differ by. */
const MARGIN = 0.1
const RETRY = 500

export class EtcdLease {
  readonly #options: LeaseOptions
  readonly #ended = Promise.withResolvers<string>()
  #validUntil: number
  #over = false
  #renewal: Timer | undefined
  #expiry: Timer | undefined

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#validUntil = this.#validFrom(options.granted, options.ttlSeconds)
    this.#renewIn(this.#third)
    this.#watchExpiry()
  }

  get id(): number {
    return this.#options.id
  }

  get validUntil(): number {
    return this.#validUntil
  }

  /** Resolves with the reason. */
  get ended(): Promise<string> {
    return this.#ended.promise
  }

  valid(): boolean {
    return !this.#over && this.#options.clock.monotonic() < this.#validUntil
  }

  /** No more renewals; etcd is not told. */
  end(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#renewal?.cancel()
    this.#expiry?.cancel()
    this.#ended.resolve(reason)
  }

  get #third(): number {
    return (this.#options.ttlSeconds * 1000) / 3
  }

  #validFrom(sent: number, ttlSeconds: number): number {
    return sent + ttlSeconds * 1000 * (1 - MARGIN)
  }

  #renewIn(ms: number): void {
    if (!this.#over) this.#renewal = this.#options.clock.timer(ms, () => this.#renew())
  }

  async #renew(): Promise<void> {
    const { client, clock, id } = this.#options
    const sent = clock.monotonic()
    let next = this.#third
    try {
      const ttlSeconds = await client.keepAlive(id, this.#third)
      if (ttlSeconds <= 0) return this.end('its lease in etcd is gone')
      // What was not to be relied on any more stays so.
      if (this.valid()) this.#validUntil = Math.max(this.#validUntil, this.#validFrom(sent, ttlSeconds))
    } catch {
      next = RETRY
    }
    this.#renewIn(next)
  }

  #watchExpiry(): void {
    const { clock } = this.#options
    const left = this.#validUntil - clock.monotonic()
    if (left <= 0) return this.end('its lease in etcd could not be renewed in time')
    this.#expiry = clock.timer(left, () => this.#watchExpiry())
  }
}
