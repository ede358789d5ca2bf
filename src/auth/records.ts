/** Tokens in a transaction: the entry, the ways to it (accessor, parent), and what is kept for it elsewhere. */
import { absentWhileSealed } from '../errors/namespaces.ts'
import type { LeaseCountPort } from '../request/quota-ports.ts'
import type { TokenLeases } from '../request/token-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { countedOf, decodeEntry, encodeEntry, isCounted, isRoot, type TokenEntry } from './token-entry.ts'
import type { TokenHasher } from './token-hasher.ts'
import { tokenKeys } from './token-keys.ts'

/** What a token's owner keeps in storage besides: prefixes (ending with `/`) that go with the token. */
export type PrivateStorage = (token: Pick<TokenEntry, 'key' | 'accessor' | 'namespaceId'>) => readonly string[]

export interface RecordsDeps {
  readonly hasher: TokenHasher
  readonly leases: TokenLeases
  /** How many there may be; nothing is counted without it. */
  readonly counts?: LeaseCountPort
  readonly privateStorage: PrivateStorage
}

/** How much of a token's belongings one transaction removes. */
const PIECE = 100

export class TokenRecords {
  readonly #deps: RecordsDeps

  constructor(deps: RecordsDeps) {
    this.#deps = deps
  }

  /** A token of a namespace that is sealed is as one that is not there. */
  async get(view: ReadView, key: string): Promise<TokenEntry | undefined> {
    const bytes = await absentWhileSealed(async () => view.get(tokenKeys.id(key)))
    return bytes === undefined ? undefined : decodeEntry(key, bytes)
  }

  put(view: WriteView, entry: TokenEntry): void {
    view.put(tokenKeys.id(entry.key), encodeEntry(entry))
  }

  /** A new token with its index entries and its lease. Rejects with `QUOTA_LEASES`. */
  async add(view: WriteView, entry: TokenEntry): Promise<void> {
    if (isCounted(entry)) await this.#deps.counts?.enter(view, countedOf(entry))
    this.put(view, entry)
    const { key, accessor, namespaceId, parent } = entry
    view.put(tokenKeys.accessor(namespaceId, this.#hash(accessor)), Buffer.from(JSON.stringify([accessor, key])))
    if (parent !== '') view.put(tokenKeys.child(parent, key), NOTHING)
    if (isRoot(entry)) view.put(tokenKeys.root(key), NOTHING)
    if (entry.leased) this.#deps.leases.enter(view, { ...entry, role: countedOf(entry).role })
  }

  /** Rejects with `QUOTA_LEASES` where one more may not be made, though it is not stored. */
  async check(entry: TokenEntry): Promise<void> {
    await this.#deps.counts?.check(countedOf(entry))
  }

  async keyOfAccessor(view: ReadView, namespaceId: string, accessor: string): Promise<string | undefined> {
    const hash = this.#deps.hasher.keyOf(accessor)
    const bytes = hash === undefined ? undefined : await view.get(tokenKeys.accessor(namespaceId, hash))
    return bytes === undefined ? undefined : decodeAccessor(bytes).key
  }

  /** Moves the token to another place in the expiry index. */
  schedule(view: WriteView, entry: TokenEntry, dueAt: number): TokenEntry {
    this.#deps.leases.reschedule(view, entry, placeOf(entry), dueAt)
    return { ...entry, dueAt }
  }

  /** At most `limit` keys of children. */
  async children(view: ReadView, key: string, limit: number): Promise<string[]> {
    const prefix = tokenKeys.children(key)
    const found = await view.keys(prefix, { limit })
    return found.map((storageKey) => storageKey.slice(prefix.length))
  }

  unlink(view: WriteView, parent: string, key: string): void {
    view.delete(tokenKeys.child(parent, key))
  }

  /** Hands the token's leases to the workers and removes what is kept for it, up to a limit; true once nothing is left. */
  async empty(view: WriteView, entry: TokenEntry, now: number): Promise<boolean> {
    for (const prefix of this.#deps.privateStorage(entry)) {
      const keys = await view.keys(prefix, { limit: PIECE })
      for (const key of keys) view.delete(key)
      if (keys.length === PIECE) return false
    }
    return (await this.#deps.leases.release(view, entry.key, PIECE, now)) < PIECE
  }

  /** Forgets the token itself. */
  erase(view: WriteView, entry: TokenEntry): void {
    const { key, accessor, namespaceId, parent } = entry
    view.delete(tokenKeys.id(key))
    view.delete(tokenKeys.accessor(namespaceId, this.#hash(accessor)))
    if (parent !== '') this.unlink(view, parent, key)
    if (isRoot(entry)) view.delete(tokenKeys.root(key))
    if (isCounted(entry)) this.#deps.counts?.leave(view, countedOf(entry))
    this.#deps.leases.remove(view, { key, namespaceId, path: entry.path, expiresAt: placeOf(entry) })
  }

  #hash(accessor: string): string {
    const hash = this.#deps.hasher.keyOf(accessor)
    if (hash === undefined) throw new Error('a token without an accessor cannot be stored')
    return hash
  }
}

const NOTHING = new Uint8Array(0)

/** The token's place in the expiry index. */
export function placeOf(entry: TokenEntry): number | undefined {
  return entry.dueAt ?? entry.expiresAt
}

export function decodeAccessor(bytes: Uint8Array): { readonly accessor: string; readonly key: string } {
  // The barrier vouches that this is what `add` wrote.
  const [accessor, key]: [string, string] = JSON.parse(Buffer.from(bytes).toString())
  return { accessor, key }
}
