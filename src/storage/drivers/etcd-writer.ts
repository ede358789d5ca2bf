/**
 * The one way to write: transactions that etcd itself refuses once another process leads. Each is conditional on the leader's key and
 * on the head as the write before left it, and writes the head; so of a write that was sent twice, because its answer was lost, one
 * copy at most takes effect, and none after a later write.
 */
import { storageErrors } from '../../errors/storage.ts'
import type { Clock } from '../../lib/clock.ts'
import { FairLane } from '../fair-lane.ts'
import { type EtcdClient, pause } from './etcd-client.ts'
import { isRefusal } from './etcd-error.ts'
import { after, encode, type EtcdLayout, type Head } from './etcd-layout.ts'
import type { KeyRange, Operation, TxnRequest } from './etcd-messages.ts'
import { headIn } from './etcd-observer.ts'

/** What etcd takes in one transaction, by default, less the head. */
export const MAX_OPERATIONS = 127

/** The leadership that writes are made under. */
export interface Seat {
  /** The revision that created the leader's key. */
  readonly created: number
  /** Whether the leadership can still be vouched for. */
  valid(): boolean
  /** Ends the leadership, with the reason for the log. */
  end(reason: string): void
}

export interface WriterOptions {
  readonly client: EtcdClient
  readonly layout: EtcdLayout
  readonly clock: Clock
  readonly seat: Seat
  /** The head when the leadership began, and when that was written. */
  readonly head: Head
  readonly revision: number
  /** How long a write whose answer was lost is asked for, in ms. Then the leadership ends, and with it the doubt. */
  readonly patience: number
}

const PAUSE = 100
const WIPE_PAGE = 1000

export class EtcdWriter {
  readonly #options: WriterOptions
  readonly #lane = new FairLane()
  #head: Head
  #revision: number

  constructor(options: WriterOptions) {
    this.#options = options
    this.#head = options.head
    this.#revision = options.revision
  }

  /** As the last write left it. */
  get head(): Head {
    return this.#head
  }

  /** The revision of the last write. */
  get revision(): number {
    return this.#revision
  }

  /**
   * Writes all of it, and the head with what `change` says. At most `MAX_OPERATIONS`, no key twice.
   * Rejects with `STORAGE_NOT_LEADER` or etcd's refusal, when nothing was written; with `STORAGE_UNAVAILABLE` where that is not known,
   * and the leadership is over then.
   */
  async write(operations: readonly Operation[], change: Partial<Head> = {}): Promise<void> {
    const leave = await this.#lane.enter()
    try {
      await this.#write(operations, { ...this.#head, ...change, write: this.#head.write + 1 })
    } finally {
      leave()
    }
  }

  /** Deletes the keys of a range, some at a time so that nobody waits long. */
  async wipe(range: Required<KeyRange>): Promise<void> {
    for (;;) {
      const { entries } = await this.#options.client.range({ ...range, limit: WIPE_PAGE, keysOnly: true })
      const last = entries.at(-1)
      if (last === undefined) return
      const whole = entries.length < WIPE_PAGE
      await this.write([{ kind: 'delete', key: range.key, end: whole ? range.end : after(last.key) }])
      if (whole) return
    }
  }

  async #write(operations: readonly Operation[], next: Head): Promise<void> {
    const { client, clock, seat, patience } = this.#options
    const request = this.#request(operations, next)
    const start = clock.monotonic()
    let doubt: unknown
    while (seat.valid()) {
      try {
        const { succeeded, revision, ranges } = await client.txn(request)
        if (succeeded) return this.#written(next, revision)
        const { head, headRevision } = headIn(ranges[0])
        if (head.term === next.term && head.write === next.write) return this.#written(next, headRevision)
        seat.end('its key in etcd is gone')
        break
      } catch (error) {
        const refused = isRefusal(error)
        if (refused && doubt === undefined) throw error
        doubt ??= error
        // A refusal says nothing of the copy that was sent before.
        if (refused || clock.monotonic() - start > patience) seat.end('what became of a write is not known')
        else await pause(clock, PAUSE)
      }
    }
    if (doubt === undefined) throw storageErrors.NOT_LEADER()
    seat.end('what became of a write is not known')
    throw storageErrors.UNAVAILABLE(undefined, { cause: doubt })
  }

  #request(operations: readonly Operation[], next: Head): TxnRequest {
    const { layout, seat } = this.#options
    return {
      compare: [
        { key: layout.leader, target: 'created', revision: seat.created },
        { key: layout.head, target: 'changed', revision: this.#revision },
      ],
      success: [...operations, { kind: 'put', key: layout.head, value: encode(next) }],
      failure: [{ kind: 'range', key: layout.head }],
    }
  }

  #written(head: Head, revision: number): void {
    this.#head = head
    this.#revision = revision
  }
}
