/** Encryption and decryption of one text with a key. */
import type { ReadView } from '#framework'
import { fromBase64, toBase64 } from './base64.ts'
import { keyObjectOf } from '../../../lib/secure/openssl-heap.ts'
import { open, seal, type AeadKey, type SealOptions } from './crypto/aead.ts'
import { openFromKem, sealToKem } from './crypto/kem.ts'
import { decryptOaep, encryptOaep } from './crypto/rsa.ts'
import { transitErrors } from './errors.ts'
import { assertUsable, CONVERGENT_VERSION, versionFor } from './key.ts'
import { encrypts } from './key-types.ts'
import type { LoadedKey, LoadedVersion } from './loaded-key.ts'
import { parseVersioned, versioned } from './text-form.ts'
import { turnAfter } from './turn.ts'

export interface Encryption {
  readonly plaintext: Uint8Array
  /** Empty for none. */
  readonly context: Uint8Array
  readonly associated: Uint8Array | undefined
  /** 0 for the latest. */
  readonly keyVersion: number
}

export interface Encrypted {
  readonly ciphertext: string
  readonly keyVersion: number
}

export interface Decryption {
  readonly ciphertext: string
  readonly context: Uint8Array
  readonly associated: Uint8Array | undefined
}

const NONCE_KEY_BYTES = 32

export async function encrypt(view: ReadView, loaded: LoadedKey, input: Encryption): Promise<Encrypted> {
  const { key } = loaded
  assertUsable(key)
  if (!encrypts(key.type)) throw transitErrors.MESSAGE_NOT_FOR({ what: 'encryption', type: key.type.name })
  const version = await loaded.version(view, versionFor(key, input.keyVersion, 'encryption'))
  await turnAfter(input.plaintext.length)
  const bytes = await sealed(version, input)
  await turnAfter(bytes.length)
  return { ciphertext: versioned(version.number, toBase64(bytes)), keyVersion: version.number }
}

export async function decrypt(view: ReadView, loaded: LoadedKey, input: Decryption): Promise<Buffer> {
  const { key } = loaded
  assertUsable(key)
  if (!encrypts(key.type)) throw transitErrors.MESSAGE_NOT_FOR({ what: 'decryption', type: key.type.name })
  const { version: number, text } = parseVersioned(input.ciphertext, key, 'ciphertext')
  const version = await loaded.version(view, number)
  assertConvergence(version)
  const bytes = ciphertextBytes(text)
  await turnAfter(bytes.length)
  const plaintext = await opened(version, bytes, input)
  await turnAfter(bytes.length)
  return plaintext
}

function sealed(version: LoadedVersion, { plaintext, context, associated }: Encryption): Buffer | Promise<Buffer> {
  const { type } = version.key
  switch (type.family) {
    case 'aead': {
      assertConvergence(version)
      const { key, nonceKey } = aeadKeys(version, context)
      return seal(type, key, plaintext, { associated, nonceKey })
    }
    case 'rsa':
      return encryptOaep(version.publicKey, plaintext)
    case 'ml-kem':
      return sealToKem(version.publicKey, plaintext, associated)
    default:
      throw transitErrors.MESSAGE_NOT_FOR({ what: 'encryption', type: type.name })
  }
}

function opened(version: LoadedVersion, bytes: Buffer, { context, associated }: Decryption): Buffer | Promise<Buffer> {
  const { type } = version.key
  if (type.family === 'aead') return open(type, aeadKeys(version, context).key, bytes, associated)
  const { privateKey } = version
  if (privateKey === undefined) throw transitErrors.NO_PRIVATE_TO_DECRYPT()
  return type.family === 'rsa'
    ? decryptOaep(privateKey, bytes)
    : openFromKem(type, keyObjectOf(privateKey), bytes, associated)
}

function aeadKeys(
  version: LoadedVersion,
  context: Uint8Array,
): { readonly key: AeadKey; readonly nonceKey: SealOptions['nonceKey'] } {
  const { derived, convergent, type } = version.key
  if (!derived) return { key: { object: version.secret, bytes: version.bytes }, nonceKey: undefined }
  const { keyBytes } = type
  const all = version.derive(context, keyBytes + (convergent ? NONCE_KEY_BYTES : 0))
  const bytes = all.subarray(0, keyBytes)
  return { key: { object: bytes, bytes }, nonceKey: convergent ? all.subarray(keyBytes) : undefined }
}

function assertConvergence({ key, stored: { convergentVersion } }: LoadedVersion): void {
  if (key.convergent && convergentVersion < CONVERGENT_VERSION)
    throw transitErrors.CONVERGENT_OLD({ version: convergentVersion })
}

function ciphertextBytes(text: string): Buffer {
  try {
    return fromBase64(text)
  } catch (error) {
    throw transitErrors.CIPHERTEXT_BASE64(undefined, { cause: error })
  }
}
