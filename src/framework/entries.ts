/** What engines answer of a collection in the same way: its names in pages, and one of its records. */
import type { Data, Reply } from '../request/reply.ts'
import type { Page, ReadView } from '../storage/view.ts'
import type { Infer } from './field.ts'
import { pageFields, pageOf } from './page.ts'
import { absent, listing, okData, type ReplySchema } from './reply.ts'

/** The rest of a `list` that gives all names of a collection; 404 where there is none. */
export function namesOf(
  of: { list(view: ReadView, below: string, page: Page): Promise<readonly string[]> },
  reply: ReplySchema,
) {
  return {
    fields: pageFields,
    replies: { 200: reply },
    run: async (c: { readonly view: ReadView; readonly in: Infer<typeof pageFields> }): Promise<Reply> =>
      listing(await of.list(c.view, '', pageOf(c.in))),
  }
}

/** The `run` of a `read` whose parameters are the record's key: the record as `shown`; 404 where there is none. */
export function entryOf<K, V>(of: { get(view: ReadView, key: K): Promise<V | undefined> }, shown: (found: V) => Data) {
  return async (c: { readonly view: ReadView; readonly params: K }): Promise<Reply> => {
    const found = await of.get(c.view, c.params)
    return found === undefined ? absent() : okData(shown(found))
  }
}
