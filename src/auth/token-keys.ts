/** The one file that spells the token store's storage keys. */
import type { ReadView } from '../storage/view.ts'

export const TOKENS = 'sys/token/'
const ID = `${TOKENS}id/`
const ACCESSOR = `${TOKENS}accessor/`
const PARENT = `${TOKENS}parent/`
/** One entry for each root token that is stored, so that they are found without a look at all tokens. */
export const ROOT_TOKENS = `${TOKENS}root/`

export const tokenKeys = {
  salt: `${TOKENS}salt`,
  ids: ID,
  id: (key: string): string => ID + key,
  accessors: (namespaceId: string): string => `${ACCESSOR}${namespaceId}/`,
  accessor: (namespaceId: string, hash: string): string => `${ACCESSOR}${namespaceId}/${hash}`,
  allAccessors: ACCESSOR,
  roots: ROOT_TOKENS,
  root: (key: string): string => ROOT_TOKENS + key,
  parents: PARENT,
  children: (parent: string): string => `${PARENT}${parent}/`,
  child: (parent: string, key: string): string => `${PARENT}${parent}/${key}`,
} as const

/** Keys of all root tokens that are stored. */
export async function rootTokenKeys(view: ReadView): Promise<ReadonlySet<string>> {
  return new Set((await view.keys(ROOT_TOKENS)).map((key) => key.slice(ROOT_TOKENS.length)))
}

/** The token key in a storage key below `ids`; undefined for any other. */
export function keyOfId(storageKey: string): string | undefined {
  return storageKey.startsWith(ID) ? storageKey.slice(ID.length) : undefined
}
