/**
 * Revocation. Marking one entry refuses a whole tree at once, since every look-up asks for its ancestors; what the tree leaves in
 * storage is removed afterwards, piece by piece, without recursion, and goes on after a restart.
 */
import { setImmediate } from 'node:timers/promises'
import type { Store } from '../storage/store.ts'
import type { WriteView } from '../storage/view.ts'
import type { TokenRecords } from './records.ts'
import type { TokenEntry, TokenState } from './token-entry.ts'

/** Tokens that one transaction removes. */
const PIECE = 128
/** Leaves this process time to go on with a tree before a worker that finds it in the expiry index takes it up. */
const HEAD_START = 10_000

export interface RevokeDeps {
  readonly records: TokenRecords
  readonly clock: { now(): number }
}

/** `leaving` spares the children. */
export async function revokeToken(
  view: WriteView,
  key: string,
  as: Exclude<TokenState, 'live'>,
  deps: RevokeDeps,
): Promise<void> {
  const { records } = deps
  const entry = await records.get(view, key)
  if (entry === undefined || entry.state !== 'live') return
  const now = deps.clock.now()
  const leaf = (await records.children(view, key, 1)).length === 0
  if (leaf && (await records.empty(view, entry, now))) return records.erase(view, entry)
  records.put(view, { ...records.schedule(view, entry, now), state: as })
}

/** Removes a token that is due and all that hangs on it, in transactions of its own. */
export async function cleanUpTree(store: Store, key: string, deps: RevokeDeps): Promise<void> {
  let open: readonly string[] = [key]
  while (open.length > 0) {
    const at = open
    open = await store.write((view) => new Cleaner(view, deps).run(at))
    await setImmediate()
  }
}

/** One transaction's share of the work. Whatever it can't finish is in storage as revoked and due, so nothing is lost in a crash. */
class Cleaner {
  readonly #view: WriteView
  readonly #records: TokenRecords
  readonly #now: number
  #budget = PIECE

  constructor(view: WriteView, deps: RevokeDeps) {
    this.#view = view
    this.#records = deps.records
    this.#now = deps.clock.now()
  }

  /** The keys that are left to do. */
  async run(keys: readonly string[]): Promise<string[]> {
    const open = [...keys]
    while (this.#budget > 0) {
      const key = open.pop()
      if (key === undefined) break
      const entry = await this.#records.get(this.#view, key)
      if (entry === undefined || !this.#isDue(entry)) continue
      this.#budget--
      const more = entry.state === 'leaving' ? await this.#freeChildren(entry) : await this.#takeChildren(entry, open)
      if (more || !(await this.#records.empty(this.#view, entry, this.#now))) {
        this.#postpone(entry, entry.state === 'live' ? 'revoked' : entry.state)
        open.unshift(key)
        this.#budget -= PIECE / 4
      } else this.#records.erase(this.#view, entry)
    }
    return open
  }

  /** Renewed or not yet over: then another entry of the index will come for it. */
  #isDue(entry: TokenEntry): boolean {
    if (entry.state !== 'live' || entry.numUses < 0) return true
    return entry.expiresAt !== undefined && entry.expiresAt <= this.#now
  }

  /** Leaves go at once; a child with children of its own takes its place beside its parent, so the parent can go. */
  async #takeChildren(entry: TokenEntry, open: string[]): Promise<boolean> {
    const limit = Math.max(this.#budget, 1)
    const children = await this.#records.children(this.#view, entry.key, limit)
    for (const key of children) {
      this.#budget--
      this.#records.unlink(this.#view, entry.key, key)
      const child = await this.#records.get(this.#view, key)
      if (child === undefined) continue
      const orphan = { ...child, parent: '' }
      if (child.state === 'leaving') {
        this.#records.put(this.#view, orphan)
        continue
      }
      const leaf = (await this.#records.children(this.#view, key, 1)).length === 0
      if (leaf && (await this.#records.empty(this.#view, orphan, this.#now))) this.#records.erase(this.#view, orphan)
      else {
        this.#postpone(orphan, 'revoked')
        open.push(key)
      }
    }
    return children.length === limit
  }

  async #freeChildren(entry: TokenEntry): Promise<boolean> {
    const limit = Math.max(this.#budget, 1)
    const children = await this.#records.children(this.#view, entry.key, limit)
    for (const key of children) {
      this.#budget--
      this.#records.unlink(this.#view, entry.key, key)
      const child = await this.#records.get(this.#view, key)
      if (child !== undefined) this.#records.put(this.#view, { ...child, parent: '' })
    }
    return children.length === limit
  }

  #postpone(entry: TokenEntry, state: TokenState): void {
    this.#records.put(this.#view, { ...this.#records.schedule(this.#view, entry, this.#now + HEAD_START), state })
  }
}
