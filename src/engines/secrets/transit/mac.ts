/** HMACs of one text with a key. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ReadView } from '#framework'
import { decodeBase64 } from './base64.ts'
import type { HashFunction } from './crypto/hashes.ts'
import { transitErrors } from './errors.ts'
import { assertUsable, type Key } from './key.ts'
import type { LoadedKey, LoadedVersion } from './loaded-key.ts'
import { parseVersioned, versioned } from './text-form.ts'

/** The version that HMACs are made with. Throws where it may not be used. */
export async function hmacVersion(view: ReadView, loaded: LoadedKey, asked: number): Promise<LoadedVersion> {
  const { key } = loaded
  const number = asked === 0 ? key.latestVersion : asked
  if (number !== key.latestVersion && key.minEncryptionVersion > 0 && number < key.minEncryptionVersion)
    throw transitErrors.HMAC_VERSION()
  return usable(view, loaded, number)
}

export function hmacText(version: LoadedVersion, hash: HashFunction, input: Uint8Array): string {
  return versioned(version.number, createHmac(hash.engine, version.hmacKey).update(input).digest('base64'))
}

export async function verifyHmac(
  view: ReadView,
  loaded: LoadedKey,
  hash: HashFunction,
  input: Uint8Array,
  hmac: string,
): Promise<boolean> {
  const { number, bytes } = parsedHmac(hmac, loaded.key)
  const version = await usable(view, loaded, number)
  const computed = createHmac(hash.engine, version.hmacKey).update(input).digest()
  return computed.length === bytes.length && timingSafeEqual(computed, bytes)
}

/** The form is looked at before the version, as Vault does. */
function parsedHmac(hmac: string, key: Key): { readonly number: number; readonly bytes: Buffer } {
  const text = hmac.slice(hmac.indexOf(':', hmac.indexOf(':') + 1) + 1)
  const bytes = decodeBase64(text)
  if (/^vault:v[+-]?\d{1,10}:/.test(hmac) && typeof bytes === 'number') throw transitErrors.HMAC_BASE64({ at: bytes })
  const { version } = parseVersioned(hmac, key, 'HMAC')
  if (typeof bytes === 'number') throw transitErrors.HMAC_BASE64({ at: bytes })
  return { number: version, bytes }
}

function usable(view: ReadView, loaded: LoadedKey, number: number): Promise<LoadedVersion> {
  const { key } = loaded
  assertUsable(key)
  if (number < 0) throw transitErrors.HMAC_NEGATIVE()
  if (number > key.latestVersion) throw transitErrors.NO_SUCH_HMAC_VERSION({ latest: key.latestVersion })
  return loaded.version(view, number)
}
