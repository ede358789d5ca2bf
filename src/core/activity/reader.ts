/** Clients as they are stored, page by page, each page in a transaction of its own: a report of years holds no snapshot open. */
import type { Store } from '../../storage/store.ts'
import type { Month } from './month.ts'
import { segment, singles, type CountedClient } from './records.ts'

/**
 * Those that stand alone first: what is packed meanwhile is met a second time rather than never, so that whoever reads keeps track of
 * whom he has.
 */
export async function* clientsOf(store: Store, month: Month): AsyncGenerator<CountedClient> {
  for (const page of [singles, segment]) {
    let after: string | undefined = ''
    while (after !== undefined) {
      const from: string = after
      const { clients, next } = await store.read((view) => page(view, month, from))
      yield* clients
      after = next
    }
  }
}
