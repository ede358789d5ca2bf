/** HMACs and CMACs of one text with a key. */
import { createHmac } from 'node:crypto'
import type { ReadView } from '#framework'
import { secretsEqual } from '../../../lib/secure/equal.ts'
import { decodeBase64 } from './base64.ts'
import { cmac } from './crypto/cmac.ts'
import type { HashFunction } from './crypto/hashes.ts'
import { transitErrors } from './errors.ts'
import { assertUsable, type Key } from './key.ts'
import type { LoadedKey, LoadedVersion } from './loaded-key.ts'
import { parseVersioned, versioned } from './text-form.ts'
import { inPieces } from './turn.ts'

/** The version that HMACs are made with. Throws where it may not be used. */
export async function hmacVersion(view: ReadView, loaded: LoadedKey, asked: number): Promise<LoadedVersion> {
  const { key } = loaded
  const number = asked === 0 ? key.latestVersion : asked
  if (number !== key.latestVersion && key.minEncryptionVersion > 0 && number < key.minEncryptionVersion)
    throw transitErrors.HMAC_VERSION()
  return usable(view, loaded, number)
}

export async function hmacText(version: LoadedVersion, hash: HashFunction, input: Uint8Array): Promise<string> {
  return versioned(version.number, (await computedHmac(version, hash, input)).toString('base64'))
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
  return secretsEqual(await computedHmac(version, hash, input), bytes)
}

async function computedHmac(version: LoadedVersion, hash: HashFunction, input: Uint8Array): Promise<Buffer> {
  const hmac = createHmac(hash.engine, version.hmacKey)
  await inPieces(input, (piece) => void hmac.update(piece))
  return hmac.digest()
}

/** Bytes of a whole CMAC, and of the shortest that is taken. */
export const cmacBytes = { min: 1, max: 16 } as const

/** `bytes` is how much of it is given out. */
export function cmacText(version: LoadedVersion, input: Uint8Array, bytes: number): string {
  return versioned(version.number, computedCmac(version, input).subarray(0, bytes).toString('base64'))
}

export async function verifyCmac(
  view: ReadView,
  loaded: LoadedKey,
  input: Uint8Array,
  mac: string,
  length: number,
): Promise<boolean> {
  const { number, bytes } = parsedHmac(mac, loaded.key)
  return secretsEqual(computedCmac(await usable(view, loaded, number), input).subarray(0, length), bytes)
}

/** Throws `TRANSIT_NOT_FOR`. */
export function assertCmac({ key: { type } }: LoadedKey): void {
  if (type.family !== 'cmac') throw transitErrors.NOT_FOR({ type: type.name, what: 'CMAC' })
}

function computedCmac(version: LoadedVersion, input: Uint8Array): Buffer {
  return cmac(version.key.type.engine, version.secret, input)
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
