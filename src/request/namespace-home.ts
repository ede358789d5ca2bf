/**
 * Where what belongs to a namespace lies in storage. A namespace with a seal of its own, and all below it, has a **home**: a folder that
 * holds everything of theirs and is encrypted with that seal's keyring. A namespace's id says which home that is, and so does the key of
 * a token: nothing has to be looked up to know where an entry lies and what opens it. Ordinary namespaces have none, and lie where they lay
 * before there were any.
 */
import type { ReadView, WriteView } from '../storage/view.ts'

/** No other key of the storage starts with this letter. */
export const HOMES = 'ns/'
const HOMES_CODE = HOMES.charCodeAt(0)

/** Letters and digits of what names a home. */
export const HOME_NAME = 6
/** An id in a home: the home's name, and as many letters and digits of its own. */
const ID = HOME_NAME * 2
const NAME = /^[0-9A-Za-z]{6}$/

/** The name of the home that a namespace is in; empty for an ordinary one. */
export function homeNameOf(namespaceId: string): string {
  return namespaceId.length === ID ? namespaceId.slice(0, HOME_NAME) : ''
}

/** The folder of a home; empty for none. */
export function homeCalled(name: string): string {
  return name === '' ? '' : `${HOMES}${name}/`
}

/** The prefix of all that is kept by a namespace's id. */
export function homeOf(namespaceId: string): string {
  return homeCalled(homeNameOf(namespaceId))
}

/** The name of the home that an entry lies in; empty where it lies in none. */
export function homeNameIn(storageKey: string): string {
  if (storageKey.charCodeAt(0) !== HOMES_CODE || !storageKey.startsWith(HOMES)) return ''
  return storageKey.slice(HOMES.length, HOMES.length + HOME_NAME)
}

/** The key as it is told within its home. */
export function withinHome(storageKey: string): string {
  if (storageKey.charCodeAt(0) !== HOMES_CODE || !storageKey.startsWith(HOMES)) return storageKey
  return storageKey.slice(HOMES.length + HOME_NAME + 1)
}

/** What is kept by a namespace's id, as it is told within its home. */
export function homeView(view: WriteView, namespaceId: string): WriteView
export function homeView(view: ReadView, namespaceId: string): ReadView
export function homeView(view: ReadView, namespaceId: string): ReadView {
  const home = homeOf(namespaceId)
  return home === '' ? view : view.sub(home)
}

/** The name of the home of the namespace whose id a token or an accessor ends with; empty for none. */
export function homeNameOfToken(token: string): string {
  if (token.charAt(token.length - ID - 1) !== '.') return ''
  const name = token.slice(-ID, -HOME_NAME)
  return NAME.test(name) ? name : ''
}

/** `h` and 64 hex digits, as Vault names salted tokens. */
const HASH = 65
const TOKEN_KEY = /^h[0-9a-f]{64}(?:-[0-9A-Za-z]{6})?$/

/** The key of a token: of one whose namespace has a home it names that, so that all of the token can be found by it. */
export function tokenKeyIn(homeName: string, hash: string): string {
  return homeName === '' ? hash : `${hash}-${homeName}`
}

export function isTokenKey(text: string): boolean {
  return TOKEN_KEY.test(text)
}

/** The folder in which all of a token lies; empty for none. */
export function homeOfTokenKey(key: string): string {
  return key.length === HASH ? '' : homeCalled(key.slice(HASH + 1))
}
