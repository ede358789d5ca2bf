/**
 * Whose keys open what: the vault's own, or those of the namespace whose home an entry lies in. Every entry is encrypted once, with the
 * keys of the nearest namespace with a seal. While that is sealed its keys are nowhere, and nothing in its home passes.
 */
import { namespaceErrors } from '../errors/namespaces.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import { homeCalled, homeNameIn, withinHome } from '../request/namespace-home.ts'
import type { Codec } from '../storage/codec.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import type { Barrier } from './barrier.ts'
import { OUTSIDE_BARRIER } from './storage-keys.ts'

const NONE: readonly string[] = ['']

export class NamespaceKeys implements Codec {
  readonly #root: Barrier
  readonly #open = new Map<string, Barrier>()
  /** Of namespaces that are being made: nobody finds them yet. */
  readonly #making = new Map<string, Barrier>()
  #folders = NONE

  constructor(root: Barrier) {
    this.#root = root
  }

  /** The folders of all homes that are open, and the empty one of all that lies in none. */
  get folders(): readonly string[] {
    return this.#folders
  }

  get names(): readonly string[] {
    return [...this.#open.keys()]
  }

  isOpen(name: string): boolean {
    return this.#open.has(name)
  }

  barrier(name: string): Barrier | undefined {
    return this.#open.get(name)
  }

  /** From here on what lies in the home can be read. */
  admit(name: string, barrier: Barrier): void {
    this.#open.set(name, barrier)
    this.#fold()
  }

  /** From here on it cannot. The keys are the caller's to wipe. */
  dismiss(name: string): Barrier | undefined {
    const barrier = this.#open.get(name)
    this.#open.delete(name)
    this.#fold()
    return barrier
  }

  /** Lets a namespace that is being made be written. */
  async making<T>(name: string, barrier: Barrier, work: () => Promise<T>): Promise<T> {
    this.#making.set(name, barrier)
    try {
      return await work()
    } finally {
      this.#making.delete(name)
    }
  }

  reserve(operations: number, keys: Iterable<string>): Awaitable<void> {
    return this.#open.size === 0 && this.#making.size === 0 ? this.#root.reserve(operations) : this.#reserveEach(keys)
  }

  seal(storageKey: string, plaintext: Uint8Array): Uint8Array {
    return this.#of(storageKey).seal(storageKey, plaintext)
  }

  /** Throws `NAMESPACE_SEALED` besides. */
  open(storageKey: string, stored: Uint8Array): Uint8Array {
    return this.#of(storageKey).open(storageKey, stored)
  }

  /** Wipes the keys of all of them, and writes nothing: the vault is sealed. */
  discard(): void {
    for (const barrier of this.#open.values()) barrier.discard()
    this.#open.clear()
    this.#fold()
  }

  /** Without waiting where there is room in all of them, as a rule. */
  #reserveEach(keys: Iterable<string>): Awaitable<void> {
    const counts = new Map<string, number>()
    for (const key of keys) {
      const name = homeNameIn(key)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const waiting: Promise<void>[] = []
    for (const [name, count] of counts) {
      const barrier = name === '' ? this.#root : this.#barrierOf(name)
      // Of a home that is sealed nothing is encrypted, only removed.
      const room = barrier?.reserve(count)
      if (room instanceof Promise) waiting.push(room)
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined)
  }

  #of(storageKey: string): Codec {
    const name = homeNameIn(storageKey)
    if (name === '') return this.#root
    const barrier = this.#barrierOf(name)
    if (barrier !== undefined) return barrier
    if (OUTSIDE_BARRIER.has(withinHome(storageKey))) return plainCodec
    throw namespaceErrors.SEALED()
  }

  #barrierOf(name: string): Barrier | undefined {
    return this.#open.get(name) ?? this.#making.get(name)
  }

  #fold(): void {
    this.#folders = this.#open.size === 0 ? NONE : ['', ...this.names.map(homeCalled)]
  }
}
