/** The store as it stood at one revision of etcd, which keeps old ones: a snapshot holds nothing there and survives connections. */
import { storageErrors } from '../../errors/storage.ts'
import type { Entry, Range, Sequence, Snapshot } from '../driver.ts'
import { isStorable } from '../key-order.ts'
import { Overlay } from '../overlay.ts'
import type { EtcdClient } from './etcd-client.ts'
import { storageErrorOf } from './etcd-error.ts'
import { type EtcdLayout, MAX_KEY_BYTES } from './etcd-layout.ts'
import type { KeyValue } from './etcd-messages.ts'
import type { StoreState } from './etcd-observer.ts'
import { writesIn } from './etcd-pieces.ts'
import { readAt, scan } from './etcd-scan.ts'

const VALUES_AT_ONCE = 32

/** Reads for snapshots, of any state. */
export class EtcdReader {
  readonly #client: EtcdClient
  readonly #layout: EtcdLayout
  /** The writes of the newest commit that had to be read from its pieces. */
  #big: { readonly sequence: Sequence; readonly writes: Promise<Overlay> } | undefined
  closed = false

  constructor(client: EtcdClient, layout: EtcdLayout) {
    this.#client = client
    this.#layout = layout
  }

  async get({ revision, generation }: StoreState, key: string): Promise<Uint8Array | undefined> {
    const { entries } = await readAt(this.#client, { key: this.#layout.data(generation, key), revision })
    return entries[0]?.value
  }

  /** The entries of a range, without their values where only keys are asked for. */
  async scan({ revision, generation }: StoreState, range: Range, keysOnly: boolean): Promise<Entry[]> {
    if (range.limit === 0 || (range.prefix !== '' && !isStorable(range.prefix, MAX_KEY_BYTES))) return []
    const bounds = this.#layout.range(generation, range)
    if (Buffer.compare(bounds.key, bounds.end) >= 0) return []
    const found = await scan(this.#client, { ...bounds, revision, keysOnly }, range.limit)
    const offset = this.#layout.dataOffset(generation)
    return found.map(({ key, value }): Entry => [key.toString('utf8', offset), value])
  }

  /** The writes of a commit that do not stand in the store's keys yet. */
  overlay(state: StoreState): Promise<Overlay> | undefined {
    if (state.big === undefined) return undefined
    if (this.#big?.sequence !== state.big.sequence) {
      const { sequence } = state.big
      const writes = this.#readPieces(state.revision, sequence)
      this.#big = { sequence, writes }
      writes.catch(() => {
        if (this.#big?.writes === writes) this.#big = undefined
      })
    }
    return this.#big?.writes
  }

  async #readPieces(revision: number, sequence: Sequence): Promise<Overlay> {
    const overlay = new Overlay()
    for (const piece of await piecesAt(this.#client, this.#layout, revision, sequence)) {
      for (const [key, value] of writesIn(piece)) overlay.set(key, value)
    }
    return overlay
  }
}

export async function piecesAt(
  client: EtcdClient,
  layout: EtcdLayout,
  revision: number,
  sequence: Sequence,
): Promise<Buffer[]> {
  const found: KeyValue[] = await scan(client, { ...layout.pieces(sequence), revision })
  return found.map(({ value }) => value)
}

export class EtcdSnapshot implements Snapshot {
  readonly sequence: Sequence
  readonly #reader: EtcdReader
  readonly #state: StoreState
  readonly #onClose: () => void
  #open = true

  constructor(reader: EtcdReader, state: StoreState, onClose: () => void) {
    this.#reader = reader
    this.#state = state
    this.sequence = state.sequence
    this.#onClose = onClose
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#read(async (reader, state) => {
      if (!isStorable(key, MAX_KEY_BYTES)) return undefined
      const overlay = await reader.overlay(state)
      return overlay?.writes.has(key) === true ? overlay.writes.get(key) : reader.get(state, key)
    })
  }

  keys(range: Range): Promise<string[]> {
    return this.#read(async (reader, state) => {
      const overlay = await reader.overlay(state)
      return overlay === undefined ? keysBelow(reader, state, range) : overlay.keys(this.#below(), range)
    })
  }

  entries(range: Range): Promise<Entry[]> {
    return this.#read(async (reader, state) => {
      const overlay = await reader.overlay(state)
      if (overlay === undefined) return reader.scan(state, range, false)
      const keys = await overlay.keys(this.#below(), range)
      const out: Entry[] = []
      for (let i = 0; i < keys.length; i += VALUES_AT_ONCE) {
        const some = keys.slice(i, i + VALUES_AT_ONCE).map(async (key): Promise<Entry[]> => {
          const value = await this.get(key)
          return value === undefined ? [] : [[key, value]]
        })
        out.push(...(await Promise.all(some)).flat())
      }
      return out
    })
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#onClose()
  }

  /** The same without the commit that is laid over it. */
  #below(): Snapshot {
    return new EtcdSnapshot(this.#reader, { ...this.#state, big: undefined }, () => {})
  }

  async #read<T>(read: (reader: EtcdReader, state: StoreState) => Promise<T>): Promise<T> {
    if (!this.#open) throw new Error('the snapshot is closed')
    if (this.#reader.closed) throw storageErrors.CLOSED()
    try {
      return await read(this.#reader, this.#state)
    } catch (error) {
      throw this.#reader.closed ? storageErrors.CLOSED() : storageErrorOf(error)
    }
  }
}

async function keysBelow(reader: EtcdReader, state: StoreState, range: Range): Promise<string[]> {
  const entries = await reader.scan(state, range, true)
  return entries.map(([key]) => key)
}
