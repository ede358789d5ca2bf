import type { ReadView } from '../storage/view.ts'
import { tokenKeys } from './token-keys.ts'

const PAGE = 2000

/** How many tokens of a namespace are stored: a batch token is not. */
export async function countTokens(view: ReadView, namespaceId: string): Promise<number> {
  const prefix = tokenKeys.accessors(namespaceId)
  let total = 0
  let after: string | undefined
  for (;;) {
    const page: readonly string[] = await view.keys(
      prefix,
      after === undefined ? { limit: PAGE } : { after, limit: PAGE },
    )
    total += page.length
    after = page.at(-1)
    if (page.length < PAGE) return total
  }
}
