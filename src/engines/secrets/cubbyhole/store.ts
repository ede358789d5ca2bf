/**
 * Where each token keeps what is its own: `<holder>/<path>` holds the client's JSON text. The holder is a hash of the token's
 * accessor, so that the storage's keys give no accessor away.
 */
import { createHash } from 'node:crypto'
import { documents, type Page, type RawJson, type ReadView, type WriteView } from '#framework'

/** All of a token's cubbyhole is below this prefix of the mount's storage; whoever revokes the token removes it. */
export function cubbyholePrefix(accessor: string): string {
  return `${holder(accessor)}/`
}

const stored = documents('{holder}/{path}')

export const cubbyhole = {
  get: (view: ReadView, accessor: string, path: string): Promise<RawJson | undefined> =>
    stored.get(view, { holder: holder(accessor), path }),
  has: (view: ReadView, accessor: string, path: string): Promise<boolean> =>
    stored.has(view, { holder: holder(accessor), path }),
  put: (view: WriteView, accessor: string, path: string, data: RawJson): void =>
    stored.put(view, { holder: holder(accessor), path }, data),
  delete: (view: WriteView, accessor: string, path: string): void =>
    stored.delete(view, { holder: holder(accessor), path }),
  list: (view: ReadView, accessor: string, folder: string, page: Page): Promise<string[]> =>
    stored.list(view, cubbyholePrefix(accessor) + folder, page),
}

function holder(accessor: string): string {
  return createHash('sha256').update(accessor).digest('base64url')
}
