/**
 * Where each token keeps what is its own: `<holder>/<path>` holds the client's JSON text. The holder is a hash of the token's
 * accessor, so that the storage's keys give no accessor away. What it keeps in namespaces below its own lies with the rest of it, below
 * `foreign/<holder>/<namespace>/`: all of it goes with the token.
 */
import { createHash } from 'node:crypto'
import { documents, type Page, type RawJson, type ReadView, type WriteView } from '#framework'

/** All of a token's cubbyhole is below these prefixes of the mount's storage; whoever revokes the token removes it. */
export function cubbyholePrefixes(accessor: string): readonly string[] {
  return [`${holder(accessor)}/`, `foreign/${holder(accessor)}/`]
}

export interface Drawer {
  readonly accessor: string
  /** Id of the namespace that is asked, where it is not the token's own. */
  readonly namespace: string | undefined
}

const stored = documents('{holder}/{path}')

export const cubbyhole = {
  get: (view: ReadView, drawer: Drawer, path: string): Promise<RawJson | undefined> =>
    stored.get(view, { holder: folderOf(drawer), path }),
  has: (view: ReadView, drawer: Drawer, path: string): Promise<boolean> =>
    stored.has(view, { holder: folderOf(drawer), path }),
  put: (view: WriteView, drawer: Drawer, path: string, data: RawJson): void =>
    stored.put(view, { holder: folderOf(drawer), path }, data),
  delete: (view: WriteView, drawer: Drawer, path: string): void =>
    stored.delete(view, { holder: folderOf(drawer), path }),
  list: (view: ReadView, drawer: Drawer, folder: string, page: Page): Promise<string[]> =>
    stored.list(view, `${folderOf(drawer)}/${folder}`, page),
}

function holder(accessor: string): string {
  return createHash('sha256').update(accessor).digest('base64url')
}

function folderOf({ accessor, namespace }: Drawer): string {
  return namespace === undefined ? holder(accessor) : `foreign/${holder(accessor)}/${namespace}`
}
