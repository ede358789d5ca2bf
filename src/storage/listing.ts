/** Names and keys below a prefix, read in pieces: a folder is skipped once its name is known, and the event loop gets its turns. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Awaitable } from '../lib/awaitable.ts'
import type { Range } from './driver.ts'
import type { Page } from './view.ts'

export type KeysOf = (range: Range) => Awaitable<string[]>

const FIRST_PIECE = 16
const LARGEST_PIECE = 1024
/** Keys handled between two turns of the event loop: about a millisecond. */
const KEYS_PER_TURN = 2048

/** See `ReadView.list`. */
export async function listNames(keysOf: KeysOf, prefix: string, page: Page = {}): Promise<string[]> {
  const limit = page.limit ?? Infinity
  const names: string[] = []
  let start = startAfter(prefix, page.after)
  let piece = FIRST_PIECE
  let sinceTurn = 0
  while (names.length < limit) {
    const want = Math.min(piece, limit - names.length)
    const keys = await keysOf({ prefix, ...start, limit: want })
    const folder = collect(keys, prefix, names)
    if (folder === undefined && keys.length < want) break
    start = folder === undefined ? { after: keys.at(-1) ?? '' } : { from: endOfFolder(prefix + folder) }
    // Long runs of plain names are read in large pieces, runs of folders in small ones, of which the rest is thrown away.
    piece = folder === undefined ? Math.min(piece * 4, LARGEST_PIECE) : Math.max(piece >> 1, 2)
    sinceTurn += keys.length + 8
    if (sinceTurn > KEYS_PER_TURN) {
      sinceTurn = 0
      await nextTurn()
    }
  }
  return names
}

/** See `ReadView.keys`: whole keys, and `page.after` is one. */
export async function listKeys(keysOf: KeysOf, prefix: string, page: Page = {}): Promise<string[]> {
  const limit = page.limit ?? Infinity
  const out: string[] = []
  let after = page.after
  while (out.length < limit) {
    const want = Math.min(KEYS_PER_TURN, limit - out.length)
    const keys = await keysOf({ prefix, limit: want, ...(after === undefined ? {} : { after }) })
    for (const key of keys) out.push(key)
    after = keys.at(-1)
    if (keys.length < want) break
    if (out.length < limit) await nextTurn()
  }
  return out
}

/** Adds the names of `keys` up to and including the first folder, which is returned. */
function collect(keys: readonly string[], prefix: string, names: string[]): string | undefined {
  for (const key of keys) {
    if (key.length === prefix.length) continue
    const slash = key.indexOf('/', prefix.length)
    if (slash < 0) {
      names.push(key.slice(prefix.length))
      continue
    }
    const folder = key.slice(prefix.length, slash + 1)
    names.push(folder)
    return folder
  }
  return undefined
}

function startAfter(prefix: string, after: string | undefined): Pick<Range, 'after' | 'from'> {
  if (after === undefined) return {}
  const slash = after.indexOf('/')
  // A name has no slash but at its end, so what comes after `a/…` is what comes after the folder `a/`.
  return slash < 0 ? { after: prefix + after } : { from: endOfFolder(prefix + after.slice(0, slash + 1)) }
}

/** The first key after all that start with a folder's name: `0` is the character after `/`. */
function endOfFolder(folder: string): string {
  return `${folder.slice(0, -1)}0`
}
