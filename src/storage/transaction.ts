/** One request's dealings with the storage: it sees one moment, and its writes happen all at once or not at all. */
import { CofferError } from '../errors/coffer-error.ts'
import { storageErrors } from '../errors/storage.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { Codec } from './codec.ts'
import type { Driver, Sequence, Snapshot } from './driver.ts'
import { listKeys, listNames } from './listing.ts'
import { Overlay } from './overlay.ts'
import { ScopedReadView, ScopedWriteView } from './scoped-view.ts'
import type { Page, ReadView, WriteView } from './view.ts'

/** The answer of a store behind a network was lost: it may have been written. */
const UNAVAILABLE = storageErrors.UNAVAILABLE().code

/** A snapshot with decrypted values. Must be discarded. */
export class ReadTransaction implements ReadView {
  readonly #snapshot: Snapshot
  readonly #codec: Codec

  constructor(snapshot: Snapshot, codec: Codec) {
    this.#snapshot = snapshot
    this.#codec = codec
  }

  /** The commit up to which this sees. */
  get sequence(): Sequence {
    return this.#snapshot.sequence
  }

  get(key: string): Awaitable<Uint8Array | undefined> {
    return openStored(this.#codec, key, this.#snapshot.get(key))
  }

  list(prefix: string, page?: Page): Promise<string[]> {
    return listNames((range) => this.#snapshot.keys(range), prefix, page)
  }

  keys(prefix: string, page?: Page): Promise<string[]> {
    return listKeys((range) => this.#snapshot.keys(range), prefix, page)
  }

  sub(prefix: string): ReadView {
    return new ScopedReadView(this, prefix)
  }

  discard(): void {
    this.#snapshot.close()
  }
}

/** Must be committed or discarded, once; afterwards it answers nothing. */
export class Transaction implements WriteView {
  readonly #driver: Driver
  readonly #codec: Codec
  readonly #snapshot: Snapshot
  readonly #overlay = new Overlay()
  readonly #readKeys = new Set<string>()
  readonly #listed = new Set<string>()
  readonly #hooks: ((sequence: Sequence) => void)[] = []
  #undoing: ((certain: boolean) => void)[] = []
  #finished = false

  constructor(driver: Driver, codec: Codec, snapshot: Snapshot) {
    this.#driver = driver
    this.#codec = codec
    this.#snapshot = snapshot
  }

  /** The commit up to which this sees, besides its own writes. */
  get sequence(): Sequence {
    return this.#snapshot.sequence
  }

  /** Whether there is anything to commit. */
  get dirty(): boolean {
    return this.#overlay.writes.size > 0
  }

  get(key: string): Awaitable<Uint8Array | undefined> {
    this.#assertOpen()
    if (this.#overlay.writes.has(key)) return this.#overlay.writes.get(key)
    this.#readKeys.add(key)
    return openStored(this.#codec, key, this.#snapshot.get(key))
  }

  list(prefix: string, page?: Page): Promise<string[]> {
    this.#assertOpen()
    this.#listed.add(prefix)
    return listNames((range) => this.#overlay.keys(this.#snapshot, range), prefix, page)
  }

  keys(prefix: string, page?: Page): Promise<string[]> {
    this.#assertOpen()
    this.#listed.add(prefix)
    return listKeys((range) => this.#overlay.keys(this.#snapshot, range), prefix, page)
  }

  put(key: string, value: Uint8Array): void {
    this.#assertOpen()
    this.#overlay.set(key, value)
  }

  delete(key: string): void {
    this.#assertOpen()
    this.#overlay.set(key, undefined)
  }

  sub(prefix: string): WriteView {
    return new ScopedWriteView(this, prefix)
  }

  /** Runs `hook` once the commit is visible, before `commit` resolves. Not run when the commit fails. It must not throw. */
  onCommitted(hook: (sequence: Sequence) => void): void {
    this.#hooks.push(hook)
  }

  /** Runs `hook` where `onCommitted` does not. It must not throw. */
  onRolledBack(hook: (certain: boolean) => void): void {
    this.#undoing.push(hook)
  }

  /** Rejects as `Driver.commit` does; nothing was written then. Without writes it only ends the transaction. */
  async commit(): Promise<Sequence> {
    this.#assertOpen()
    this.#finished = true
    try {
      const committed = await this.#commit()
      this.#undoing = []
      for (const hook of this.#hooks) hook(committed)
      return committed
    } catch (error) {
      this.#undo(!(error instanceof CofferError && error.code === UNAVAILABLE))
      throw error
    }
  }

  discard(): void {
    this.#finished = true
    this.#snapshot.close()
    this.#undo(true)
  }

  async #commit(): Promise<Sequence> {
    let sequence: Sequence | Promise<Sequence>
    try {
      const room = this.dirty
        ? this.#codec.reserve?.(this.#overlay.writes.size, this.#overlay.writes.keys())
        : undefined
      if (room instanceof Promise) await room
      sequence = this.dirty ? this.#driver.commit(this.#readSet(), this.#seal()) : this.sequence
    } finally {
      this.#snapshot.close()
    }
    return sequence
  }

  #undo(certain: boolean): void {
    const hooks = this.#undoing
    this.#undoing = []
    for (const hook of hooks) hook(certain)
  }

  #readSet() {
    return { sequence: this.sequence, keys: this.#readKeys, prefixes: this.#listed }
  }

  #seal(): Map<string, Uint8Array | undefined> {
    const sealed = new Map<string, Uint8Array | undefined>()
    for (const [key, value] of this.#overlay.writes) {
      sealed.set(key, value === undefined ? undefined : this.#codec.seal(key, value))
    }
    return sealed
  }

  #assertOpen(): void {
    if (this.#finished) throw new Error('the transaction is finished')
  }
}

function openStored(
  codec: Codec,
  key: string,
  stored: Awaitable<Uint8Array | undefined>,
): Awaitable<Uint8Array | undefined> {
  if (stored instanceof Promise)
    return stored.then((bytes) => (bytes === undefined ? undefined : codec.open(key, bytes)))
  return stored === undefined ? undefined : codec.open(key, stored)
}
