/**
 * The address by which an authenticator learns a key.
 * Source: https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
import { toBase32 } from './base32.ts'
import type { TotpKey } from './codes.ts'

export interface LabelledKey extends TotpKey {
  readonly issuer: string
  readonly accountName: string
}

/** What an address says; a member that it does not name is undefined. Numbers are still text. */
export interface UriParts {
  readonly issuer: string | undefined
  readonly accountName: string
  readonly secret: string
  readonly period: string | undefined
  readonly digits: string | undefined
  readonly algorithm: string | undefined
}

/** Members in the order of the alphabet, as Vault writes them. */
export function otpauthUri(key: LabelledKey): string {
  const members = [
    `algorithm=${key.algorithm}`,
    `digits=${key.digits}`,
    `issuer=${inQuery(key.issuer)}`,
    `period=${key.period}`,
    `secret=${toBase32(key.secret)}`,
  ]
  return `otpauth://totp/${inPath(key.issuer)}:${inPath(key.accountName)}?${members.join('&')}`
}

/** Undefined for what is no address. As in Vault its scheme and host are not looked at. */
export function readOtpauthUri(text: string): UriParts | undefined {
  const url = URL.parse(text, 'otpauth://totp/')
  if (url === null) return undefined
  const label = decoded(url.pathname.replace(/^\//, ''))
  if (label === undefined) return undefined
  const colon = label.indexOf(':')
  const named = (name: string) => url.searchParams.get(name) || undefined
  return {
    issuer: named('issuer') ?? (colon === -1 ? undefined : label.slice(0, colon)),
    accountName: label.slice(colon + 1),
    secret: named('secret') ?? '',
    period: named('period'),
    digits: named('digits'),
    algorithm: named('algorithm'),
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Escaped is what Go escapes, and what would not come back as it was: a slash before a dot, an ampersand in the query. */
function inPath(text: string): string {
  return strictlyEncoded(text).replace(/%(24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent)
}

function inQuery(text: string): string {
  return strictlyEncoded(text).replace(/%(24|3A|40)/g, decodeURIComponent)
}

function strictlyEncoded(text: string): string {
  const escaped = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, escaped)
}
