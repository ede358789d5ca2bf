/**
 * The one file that spells the lease store's storage keys. What belongs to a namespace with a home lies there, so each home has an expiry
 * index of its own: while it is sealed nobody comes by what is in there.
 */
import { homeOf, homeOfTokenKey, isTokenKey, withinHome } from '../request/namespace-home.ts'

const EXPIRE = 'sys/expire/'
const DUE = `${EXPIRE}due/`
/** Decimal digits of a time in ms: enough until the year 33658, so that order by bytes is order in time. */
const TIME_DIGITS = 15

export const leaseKeys = {
  /** Leases of a namespace, by id. */
  ids: (namespaceId: string): string => `${homeOf(namespaceId)}${EXPIRE}id/${namespaceId}/`,
  id: (namespaceId: string, leaseId: string): string => `${homeOf(namespaceId)}${EXPIRE}id/${namespaceId}/${leaseId}`,
  /** Of all namespaces of a home, or of all that have none. */
  allIds: (home: string): string => `${home}${EXPIRE}id/`,
  /** The expiry index of a home, or of all namespaces that have none: `<time>/<ref>`. */
  due: (home: string): string => home + DUE,
  dueAt: (namespaceId: string, time: number, ref: string): string =>
    `${homeOf(namespaceId)}${DUE}${timeText(time)}/${ref}`,
  /** Leases of secrets by the token they were issued to. */
  ofToken: (tokenKey: string): string => `${homeOfTokenKey(tokenKey)}${EXPIRE}token/${tokenKey}/`,
  tokenLease: (tokenKey: string, ref: string): string => `${leaseKeys.ofToken(tokenKey)}${ref}`,
  irrevocables: (namespaceId: string): string => `${homeOf(namespaceId)}${EXPIRE}irrevocable/${namespaceId}/`,
  irrevocable: (namespaceId: string, ref: string): string => `${leaseKeys.irrevocables(namespaceId)}${ref}`,
  prefixJobs: `${EXPIRE}prefix/`,
  prefixJob: (id: string): string => `${EXPIRE}prefix/${id}`,
} as const

function timeText(time: number): string {
  return String(Math.max(0, Math.floor(time))).padStart(TIME_DIGITS, '0')
}

export interface DuePlace {
  readonly storageKey: string
  readonly time: number
  readonly ref: string
}

/** What a key of the expiry index says; undefined for any other key. */
export function parseDue(storageKey: string): DuePlace | undefined {
  const key = withinHome(storageKey)
  if (!key.startsWith(DUE)) return undefined
  const time = Number(key.slice(DUE.length, DUE.length + TIME_DIGITS))
  const ref = key.slice(DUE.length + TIME_DIGITS + 1)
  return Number.isSafeInteger(time) && ref !== '' ? { storageKey, time, ref } : undefined
}

/** A token's lease is named by the token's key; that of a secret by the random end of its id. */
export function isTokenRef(ref: string): boolean {
  return isTokenKey(ref)
}

/** The last segment of a lease id, without the namespace's suffix. */
export function refOf(leaseId: string): string {
  const name = leaseId.slice(leaseId.lastIndexOf('/') + 1)
  const dot = name.indexOf('.')
  return dot === -1 ? name : name.slice(0, dot)
}

/** A lease id is the path that issued it, the ref, and the namespace's id where that is not root. */
export function leaseIdOf(path: string, ref: string, namespaceId: string): string {
  return `${path.replace(/\/$/, '')}/${ref}${namespaceId === 'root' ? '' : `.${namespaceId}`}`
}
