/** `vault:v3:…`: what is computed with a key, with the number of the version that it was computed with. */
import { transitErrors } from './errors.ts'
import type { Key } from './key.ts'

const PREFIX = 'vault:v'

export type What = 'ciphertext' | 'signature' | 'HMAC'

export interface Versioned {
  readonly version: number
  readonly text: string
}

export function versioned(version: number, text: string): string {
  return `${PREFIX}${version}:${text}`
}

/** Throws what is wrong with the form, or with the version under this key. */
export function parseVersioned(value: string, key: Key, what: What): Versioned {
  if (!value.startsWith(PREFIX)) throw transitErrors.NO_PREFIX({ what: what === 'HMAC' ? 'HMAC to verify' : what })
  const colon = value.indexOf(':', PREFIX.length)
  if (colon === -1) throw transitErrors.FIELDS({ what })
  const version = versionOf(value.slice(PREFIX.length, colon), what)
  if (version > key.latestVersion) throw transitErrors.TOO_NEW({ what })
  if (version < key.minDecryptionVersion) throw what === 'HMAC' ? transitErrors.HMAC_TOO_OLD() : transitErrors.TOO_OLD()
  return { version, text: value.slice(colon + 1) }
}

function versionOf(digits: string, what: What): number {
  if (!/^[+-]?\d{1,10}$/.test(digits)) throw transitErrors.VERSION_UNREADABLE({ what })
  const number = Number(digits)
  // The first Vault counted ciphertexts' versions from zero.
  return number === 0 && what === 'ciphertext' ? 1 : number
}
