import type { ReadView } from '#framework'
import { entities } from './store.ts'

const PAGE = 2000

/** How many entities a mount's storage has. */
export async function countEntities(view: ReadView): Promise<number> {
  let total = 0
  let after: string | undefined
  for (;;) {
    const page: readonly string[] = await entities.list(
      view,
      '',
      after === undefined ? { limit: PAGE } : { after, limit: PAGE },
    )
    total += page.length
    after = page.at(-1)
    if (page.length < PAGE) return total
  }
}
