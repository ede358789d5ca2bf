import type { Entry, Snapshot } from '../storage/driver.ts'

/** Bytes of a page that are aimed at, and entries it has at most. */
const PAGE_BYTES = 512 << 10
const MOST_ENTRIES = 2000

/** Everything that a snapshot shows, in order, from the key after `after` on; in pages that stay small whatever the size of the values. */
export async function* pagesOf(snapshot: Snapshot, after = ''): AsyncGenerator<readonly Entry[]> {
  let last = after
  let limit = 16
  for (;;) {
    const page = await snapshot.entries({ prefix: '', limit, ...(last === '' ? {} : { after: last }) })
    const end = page.at(-1)
    if (end === undefined) return
    ;[last] = end
    let bytes = 0
    for (const [key, value] of page) bytes += key.length + value.length
    const fitting = Math.floor((PAGE_BYTES * page.length) / Math.max(bytes, 1))
    // Grown slowly and shrunk at once: the next values may be larger than these.
    limit = Math.max(1, Math.min(fitting, limit * 2, MOST_ENTRIES))
    yield page
    // A driver may answer without ever waiting; others want their turn.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
