/** Finds a token and decides whether it holds: its own state and end, and those of all above it. */
import { setImmediate } from 'node:timers/promises'
import type { TokenSealer } from '../request/token-ports.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView } from '../storage/view.ts'
import { isBatchToken, openBatchToken } from './batch-token.ts'
import type { TokenRecords } from './records.ts'
import type { CachedToken, TokenCache } from './token-cache.ts'
import { mayLiveForEver, type TokenEntry } from './token-entry.ts'

export interface FinderDeps {
  readonly store: Store
  readonly records: TokenRecords
  readonly cache: TokenCache
  readonly sealer: TokenSealer
  readonly clock: { now(): number }
}

/** Ancestors read before the event loop gets its turn. */
const SLICE = 500
/** Attempts to keep what was read, while the token changes at the same time. */
const KEEP_ATTEMPTS = 3

export class TokenFinder {
  readonly #deps: FinderDeps

  constructor(deps: FinderDeps) {
    this.#deps = deps
  }

  /** From memory alone; may be over or used up. */
  cached(key: string): CachedToken | undefined {
    return this.#deps.cache.get(key)
  }

  /**
   * Reads a token and those above it up to one that is cached, from a snapshot of its own: the caller's may be older than a change
   * that the cache was told of. `token` is given for what may be a batch token. Undefined if it or one above it is gone.
   */
  async load(key: string, token?: string): Promise<CachedToken | undefined> {
    for (let attempt = 1; ; attempt++) {
      const { mark } = this.#deps.cache
      const chain: TokenEntry[] = []
      const top = await this.#deps.store.read((view) => this.#climb(view, key, token, chain))
      if (top === 'broken') return undefined
      const found = this.#keep(chain, top, attempt > KEEP_ATTEMPTS ? undefined : mark)
      if (found !== undefined) return found
    }
  }

  /** Expiry is compared at every use, whether or not the worker has come by. */
  isValid(found: CachedToken | undefined): found is CachedToken {
    if (found === undefined || found.entry.state !== 'live' || found.entry.numUses < 0) return false
    return this.#deps.clock.now() < found.validUntil
  }

  /** As `isValid`, but good also for the request that takes its last use. */
  isUsable(found: CachedToken): boolean {
    return this.isStanding(found.entry) && (found.parent === undefined || this.isValid(found.parent))
  }

  /** The token alone: neither revoked nor over. One without an end that is not root is a fault, and refused. */
  isStanding(entry: TokenEntry): boolean {
    if (entry.state !== 'live') return false
    return entry.expiresAt === undefined ? mayLiveForEver(entry.policies) : entry.expiresAt > this.#deps.clock.now()
  }

  async #climb(
    view: ReadView,
    key: string,
    token: string | undefined,
    chain: TokenEntry[],
  ): Promise<CachedToken | undefined | 'broken'> {
    for (let at = key; ;) {
      if (chain.length > 0) {
        const cached = this.cached(at)
        if (cached !== undefined) return cached
        if (chain.length % SLICE === 0) await setImmediate()
      }
      const entry = await this.#read(view, at, chain.length === 0 ? token : undefined)
      if (entry === undefined) return 'broken'
      chain.push(entry)
      // Who leaves sets its children free: what is above it does not count for them.
      if (entry.parent === '' || (chain.length > 1 && entry.state === 'leaving')) return undefined
      at = entry.parent
    }
  }

  /** From the top down; undefined when something changed since `mark`. Without a mark nothing is kept. */
  #keep(chain: readonly TokenEntry[], top: CachedToken | undefined, mark: number | undefined): CachedToken | undefined {
    const { cache } = this.#deps
    let parent = top
    for (const entry of chain.toReversed()) {
      const kept = mark === undefined ? cache.detached(entry, parent) : cache.put(entry, parent, mark)
      if (kept === undefined) return undefined
      parent = kept
    }
    return parent
  }

  async #read(view: ReadView, key: string, token: string | undefined): Promise<TokenEntry | undefined> {
    if (token !== undefined && isBatchToken(token)) return openBatchToken(token, key, this.#deps.sealer)
    return this.#deps.records.get(view, key)
  }
}
