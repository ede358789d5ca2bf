/** Who writes: the process whose key hangs on a living lease. Whoever waits takes the key when it is gone, in one transaction. */
import { randomInt } from 'node:crypto'
import { storageErrors } from '../../errors/storage.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type { Election, Leader, Leadership } from '../driver.ts'
import type { EtcdClient } from './etcd-client.ts'
import { storageErrorOf } from './etcd-error.ts'
import { encode, type EtcdLayout, type Head } from './etcd-layout.ts'
import { EtcdLease } from './etcd-lease.ts'
import type { EtcdObserver, Sight } from './etcd-observer.ts'
import type { Seat } from './etcd-writer.ts'

/** What a leadership begins with. */
export interface Elected {
  readonly seat: Seat
  readonly head: Head
  /** When the head was written, and the leader's key with it. */
  readonly revision: number
}

export interface ElectionOptions {
  readonly client: EtcdClient
  readonly layout: EtcdLayout
  readonly observer: EtcdObserver
  readonly clock: Clock
  readonly log: Logger
  /** Ms, a whole number of seconds. */
  readonly lockTtl: number
  /** Makes the process ready to write; what it rejects with ends the leadership before it has begun. */
  begin(elected: Elected): Promise<void>
  /** Takes no more writes; resolves once those under way have ended. */
  drain(seat: Seat): Promise<void>
  /** The leadership is over; called once, at once. */
  over(seat: Seat, reason: string): void
}

const RETRY = 1000
/** Ids of leases are the client's to choose; etcd takes up to 63 bits. */
const LARGEST_ID = 2 ** 48 - 1

export class EtcdElection implements Election {
  readonly #options: ElectionOptions
  /** The newest leadership of this process. */
  #current: { readonly lease: EtcdLease; readonly revoked: Promise<void> } | undefined
  #closed = false

  constructor(options: ElectionOptions) {
    this.#options = options
  }

  async leader(): Promise<Leader | undefined> {
    try {
      const { leader } = await this.#options.observer.look()
      return leader === undefined ? undefined : { term: leader.term, identity: leader.identity }
    } catch (error) {
      throw storageErrorOf(error)
    }
  }

  async campaign(identity: string, signal: AbortSignal): Promise<Leadership> {
    const { observer, log } = this.#options
    for (let failures = 0; ;) {
      signal.throwIfAborted()
      if (this.#closed) throw storageErrors.CLOSED()
      try {
        const sight = await observer.look()
        if (sight.leader === undefined) {
          const leadership = await this.#take(identity, sight, signal)
          if (leadership !== undefined) return leadership
          continue
        }
      } catch (error) {
        signal.throwIfAborted()
        if (this.#closed) throw storageErrors.CLOSED()
        // Once, not every second.
        if (failures++ === 0) log.warn('cannot become the leader yet', { error: String(error) })
      }
      await observer.wait(RETRY, signal)
    }
  }

  /** Gives the key up if this process has it. */
  async close(): Promise<void> {
    this.#closed = true
    this.#current?.lease.end('the storage was closed')
    await this.#current?.revoked
  }

  async #take(identity: string, sight: Sight, signal: AbortSignal): Promise<Leadership | undefined> {
    const { client, clock, lockTtl } = this.#options
    const id = randomInt(1, LARGEST_ID)
    const granted = clock.monotonic()
    const { ttlSeconds } = await client.grant({ id, ttlSeconds: lockTtl / 1000 })
    const term = sight.head.term + 1
    try {
      const head: Head = { ...sight.head, term, write: 0 }
      const revision = await this.#write(identity, head, sight.headRevision, id)
      if (revision === undefined) {
        await this.#revoke(id)
        return undefined
      }
      const lease = new EtcdLease({ client, clock, id, ttlSeconds, granted })
      return await this.#begin(lease, head, revision, signal)
    } catch (error) {
      // Whether the key was taken may not be known: with its lease it goes.
      await this.#revoke(id)
      throw error
    }
  }

  /** Takes the key if nobody has it. Returns the revision that did so. */
  async #write(identity: string, head: Head, headRevision: number, lease: number): Promise<number | undefined> {
    const { client, layout } = this.#options
    const { succeeded, revision } = await client.txn({
      compare: [
        { key: layout.leader, target: 'created', revision: 0 },
        { key: layout.head, target: 'changed', revision: headRevision },
      ],
      success: [
        { kind: 'put', key: layout.leader, value: encode({ term: head.term, identity }), lease },
        { kind: 'put', key: layout.head, value: encode(head) },
      ],
      failure: [],
    })
    return succeeded ? revision : undefined
  }

  async #begin(lease: EtcdLease, head: Head, revision: number, signal: AbortSignal): Promise<Leadership> {
    const { begin, drain, over } = this.#options
    const seat: Seat = { created: revision, valid: () => lease.valid(), end: (reason) => lease.end(reason) }
    const lost = lease.ended.then((reason) => {
      over(seat, reason)
      return reason
    })
    const revoked = lost.then(() => this.#revoke(lease.id))
    this.#current = { lease, revoked }
    try {
      if (this.#closed) throw storageErrors.CLOSED()
      await begin({ seat, head, revision })
      signal.throwIfAborted()
    } catch (error) {
      lease.end('it could not be begun')
      throw error
    }
    const release = async (): Promise<void> => {
      await drain(seat)
      lease.end('released')
      await revoked
    }
    return {
      term: head.term,
      lost,
      get validUntil() {
        return lease.validUntil
      },
      release,
    }
  }

  /** So that the next leader need not wait for the lease to run out. Where etcd is away, it does run out. */
  async #revoke(id: number): Promise<void> {
    try {
      await this.#options.client.revoke(id)
    } catch (error) {
      this.#options.log.debug('the lease was not revoked', { error: String(error) })
    }
  }
}
