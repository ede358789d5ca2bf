/** Who is locked out of a namespace, in storage: a lock outlives the server that put it on. Written once a lock, never for each failure. */
import { collection, f } from '../framework/index.ts'
import { homeView } from '../request/namespace-home.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

/** The name stands encoded: it may hold any character. */
const records = collection('core/locked-users/{accessor}/{name}', {
  alias: f.string(),
  /** Wall clock of the last failure, ms. */
  at: f.number(),
})

export interface LockedUser {
  readonly accessor: string
  readonly alias: string
  readonly at: number
}

const PAGE = 500

const keyOf = (accessor: string, alias: string) => ({ accessor, name: Buffer.from(alias).toString('base64url') })

export const lockedUsers = {
  async at(view: ReadView, namespaceId: string, accessor: string, alias: string): Promise<number | undefined> {
    return (await records.get(homeView(view, namespaceId), keyOf(accessor, alias)))?.at
  },

  put(view: WriteView, namespaceId: string, { accessor, alias, at }: LockedUser): void {
    records.put(homeView(view, namespaceId), keyOf(accessor, alias), { alias, at })
  },

  delete(view: WriteView, namespaceId: string, accessor: string, alias: string): void {
    records.delete(homeView(view, namespaceId), keyOf(accessor, alias))
  },

  /** All in a home, or those of one mount. `view` is of the home, or of the whole storage for the namespaces that have none. */
  async *each(view: ReadView, accessor?: string): AsyncGenerator<LockedUser> {
    const below = accessor === undefined ? '' : `${accessor}/`
    for (let after: string | undefined; ;) {
      const names = await records.scan(view, below, { limit: PAGE, ...(after === undefined ? {} : { after }) })
      for (const found of names) {
        const [of = '', name = ''] = `${below}${found}`.split('/')
        const record = await records.get(view, { accessor: of, name })
        if (record !== undefined) yield { accessor: of, ...record }
      }
      if (names.length < PAGE) return
      after = names.at(-1)
    }
  },
}
