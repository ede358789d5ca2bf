/** The one file that spells the token store's storage keys. What belongs to a token of a namespace with a home lies there. */
import { homeOf, homeOfTokenKey, withinHome } from '../request/namespace-home.ts'
import type { ReadView } from '../storage/view.ts'

export const TOKENS = 'sys/token/'
const ID = `${TOKENS}id/`
const ACCESSOR = `${TOKENS}accessor/`
const PARENT = `${TOKENS}parent/`
/** One entry for each root token that is stored, so that they are found without a look at all tokens. */
export const ROOT_TOKENS = `${TOKENS}root/`

export const tokenKeys = {
  salt: `${TOKENS}salt`,
  /** Of one home, as all folders below that are told so; a home's folder, or nothing. */
  ids: (home: string): string => home + ID,
  id: (key: string): string => homeOfTokenKey(key) + ID + key,
  accessors: (namespaceId: string): string => `${homeOf(namespaceId)}${ACCESSOR}${namespaceId}/`,
  accessor: (namespaceId: string, hash: string): string => `${homeOf(namespaceId)}${ACCESSOR}${namespaceId}/${hash}`,
  allAccessors: (home: string): string => home + ACCESSOR,
  roots: ROOT_TOKENS,
  root: (key: string): string => homeOfTokenKey(key) + ROOT_TOKENS + key,
  parents: (home: string): string => home + PARENT,
  children: (parent: string): string => `${homeOfTokenKey(parent)}${PARENT}${parent}/`,
  child: (parent: string, key: string): string => `${homeOfTokenKey(parent)}${PARENT}${parent}/${key}`,
} as const

/** Keys of all root tokens that are stored. */
export async function rootTokenKeys(view: ReadView): Promise<ReadonlySet<string>> {
  return new Set((await view.keys(ROOT_TOKENS)).map((key) => key.slice(ROOT_TOKENS.length)))
}

/** The token key in a storage key below `ids`; undefined for any other. */
export function keyOfId(storageKey: string): string | undefined {
  const key = withinHome(storageKey)
  return key.startsWith(ID) ? key.slice(ID.length) : undefined
}
