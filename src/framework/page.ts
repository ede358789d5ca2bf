/** The fields by which a list is asked for in pages, the same everywhere. */
import type { Page } from '../storage/view.ts'
import { f } from './f.ts'
import type { Infer } from './field.ts'

export const pageFields = {
  after: f.string('Only names after this one, which need not exist.').default(''),
  limit: f.int('At most this many names; 0 gives all.').default(0),
}

export function pageOf({ after, limit }: Infer<typeof pageFields>): Page {
  return { ...(after === '' ? {} : { after }), ...(limit <= 0 ? {} : { limit }) }
}
