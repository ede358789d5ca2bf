/**
 * Tokens in memory, each tied to its parent's, so that a look-up on the hot path costs one map access and two comparisons, however
 * deep the tree. docs/adr/0006-token-tree.md tells why this is right.
 */
import type { Change } from '../storage/driver.ts'
import type { EntityHolder } from '../request/token-ports.ts'
import type { HeldCaller } from './caller.ts'
import { keyOfId } from './token-keys.ts'
import { mayLiveForEver, type TokenEntry } from './token-entry.ts'

export interface CachedToken {
  readonly entry: TokenEntry
  readonly parent: CachedToken | undefined
  /** Wall clock, ms: the earliest end of this token and all above it. */
  readonly validUntil: number
  /** Filled by the first look-up by the token itself. */
  caller: HeldCaller | undefined
  /** The caller with what followed from his entity at his last look-up. */
  held: { readonly holder: EntityHolder; readonly caller: HeldCaller } | undefined
  /** False once its stored entry changed or it left the cache. */
  live: boolean
  /** The epoch in which its ancestors were last seen alive. */
  epoch: number
  isParent: boolean
}

const REMEMBERED = 10_000

/** When an entry stops being good for those below it. */
function endOf(entry: TokenEntry): number {
  if (entry.state === 'leaving') return Infinity
  if (entry.state === 'revoked' || entry.numUses < 0) return 0
  return entry.expiresAt ?? (mayLiveForEver(entry.policies) ? Infinity : 0)
}

export class TokenCache {
  readonly #capacity: number
  #young = new Map<string, CachedToken>()
  #old = new Map<string, CachedToken>()
  #epoch = 0
  /** Counts changes of tokens, so that what was read before one is not kept after it. */
  #changes = 0
  /** When a token changed last, by that count; the oldest are forgotten. */
  readonly #recent = new Map<string, number>()
  #forgotten = 0

  constructor(capacity = 50_000) {
    this.#capacity = capacity
  }

  /** To be compared by `put`: taken before the snapshot from which an entry is read. */
  get mark(): number {
    return this.#changes
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Undefined for what is not here, or hangs below a token that changed; an expired one is the caller's to refuse. */
  get(key: string): CachedToken | undefined {
    const found = this.#young.get(key) ?? this.#promote(key)
    if (found === undefined) return undefined
    return found.epoch === this.#epoch || this.#stillLive(found) ? found : undefined
  }

  /** Undefined when the entry may be out of date already: read it again. */
  put(entry: TokenEntry, parent: CachedToken | undefined, mark: number): CachedToken | undefined {
    if (this.#changedSince(entry.key, mark) || parent?.live === false) return undefined
    const token = this.#make(entry, parent)
    if (parent !== undefined) parent.isParent = true
    this.#drop(entry.key)
    this.#young.set(entry.key, token)
    if (this.#young.size >= this.#capacity) this.#rotate()
    return token
  }

  /** The store's change feed. */
  changed(change: Change): void {
    if (change.reset === true) this.clear()
    for (const storageKey of change.keys) {
      const key = keyOfId(storageKey)
      if (key === undefined) continue
      this.#note(key)
      this.#drop(key)
    }
  }

  /** A token that is used once and not kept. */
  detached(entry: TokenEntry, parent: CachedToken | undefined): CachedToken {
    return { ...this.#make(entry, parent), live: false }
  }

  #make(entry: TokenEntry, parent: CachedToken | undefined): CachedToken {
    const validUntil = Math.min(endOf(entry), parent?.validUntil ?? Infinity)
    return {
      entry,
      parent,
      validUntil,
      caller: undefined,
      held: undefined,
      live: true,
      epoch: this.#epoch,
      isParent: false,
    }
  }

  #note(key: string): void {
    this.#recent.delete(key)
    this.#recent.set(key, ++this.#changes)
    if (this.#recent.size <= REMEMBERED) return
    for (const [oldest, change] of this.#recent) {
      this.#recent.delete(oldest)
      this.#forgotten = change
      return
    }
  }

  #changedSince(key: string, mark: number): boolean {
    return mark < this.#forgotten || (this.#recent.get(key) ?? 0) > mark
  }

  clear(): void {
    this.#rotate()
    this.#rotate()
    this.#forgotten = ++this.#changes
  }

  #promote(key: string): CachedToken | undefined {
    const found = this.#old.get(key)
    if (found === undefined) return undefined
    this.#old.delete(key)
    this.#young.set(key, found)
    return found
  }

  #stillLive(token: CachedToken): boolean {
    const climbed: CachedToken[] = []
    for (let at: CachedToken | undefined = token; at !== undefined && at.epoch !== this.#epoch; at = at.parent) {
      climbed.push(at)
      if (at.live) continue
      for (const below of climbed) this.#forget(below)
      return false
    }
    for (const one of climbed) one.epoch = this.#epoch
    return true
  }

  #drop(key: string): void {
    const found = this.#young.get(key) ?? this.#old.get(key)
    if (found !== undefined) this.#forget(found)
  }

  #forget(token: CachedToken): void {
    token.live = false
    if (token.isParent) this.#epoch++
    const { key } = token.entry
    if (this.#young.get(key) === token) this.#young.delete(key)
    if (this.#old.get(key) === token) this.#old.delete(key)
  }

  /** Drops what was not asked for since the last rotation. A dropped parent could not be told of changes, so its children must ask again. */
  #rotate(): void {
    for (const token of this.#old.values()) token.live = false
    this.#epoch++
    this.#old = this.#young
    this.#young = new Map()
  }
}
