/** Who is locked out, in storage: a lock outlives the server that put it on. Written once a lock, never for each failure. */
import { collection, f } from '../framework/index.ts'
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
  async at(view: ReadView, accessor: string, alias: string): Promise<number | undefined> {
    return (await records.get(view, keyOf(accessor, alias)))?.at
  },

  put(view: WriteView, { accessor, alias, at }: LockedUser): void {
    records.put(view, keyOf(accessor, alias), { alias, at })
  },

  delete(view: WriteView, accessor: string, alias: string): void {
    records.delete(view, keyOf(accessor, alias))
  },

  /** All, or those of one mount. */
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
