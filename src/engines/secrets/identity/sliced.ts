import { setImmediate } from 'node:timers/promises'
import type { Page } from '#framework'

/** Names read before others get their turn. */
const SLICE = 500

/** The names of a page, however many, without keeping other requests waiting. */
export async function* sliced(list: (page: Page) => Promise<string[]>, wish: Page): AsyncGenerator<string> {
  let { after } = wish
  let left = wish.limit ?? Infinity
  while (left > 0) {
    const limit = Math.min(SLICE, left)
    const found = await list(after === undefined ? { limit } : { after, limit })
    yield* found
    if (found.length < limit) return
    left -= found.length
    after = found.at(-1)
    await setImmediate()
  }
}
