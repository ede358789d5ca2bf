/** Signatures of one text with a key, and their verification. */
import { createPublicKey } from 'node:crypto'
import type { ReadView } from '#framework'
import { ed25519Pair } from '../../../lib/secure/ed25519.ts'
import { keyObjectOf } from '../../../lib/secure/openssl-heap.ts'
import { decodeBase64, fromBase64Url, toBase64 } from './base64.ts'
import { signEcdsa, verifyEcdsa } from './crypto/ecdsa.ts'
import { fromAsn1, fromJws, toAsn1 } from './crypto/ecdsa-form.ts'
import { curveOf } from './crypto/curves.ts'
import { publicIn, signEdwards, spkiOf, verifyEdwards } from './crypto/ed25519.ts'
import type { HashFunction } from './crypto/hashes.ts'
import { signPostQuantum, verifyPostQuantum } from './crypto/post-quantum.ts'
import { signRsa, verifyRsa, type RsaScheme } from './crypto/rsa.ts'
import { transitErrors } from './errors.ts'
import { assertUsable, versionFor } from './key.ts'
import { signs } from './key-types.ts'
import type { LoadedKey, LoadedVersion } from './loaded-key.ts'
import { parseVersioned, versioned } from './text-form.ts'
import { turnAfter } from './turn.ts'

export interface SignatureScheme {
  /** Undefined for hashes that are signed without their name. */
  readonly hash: HashFunction | undefined
  readonly prehashed: boolean
  readonly marshaling: 'asn1' | 'jws'
  readonly padding: RsaScheme['padding']
  readonly saltLength: RsaScheme['saltLength']
  /** Part of what is signed, with the types that know one. */
  readonly signatureContext: Uint8Array
}

export interface Signed {
  readonly signature: string
  readonly keyVersion: number
  /** Of a derived key. */
  readonly publicKey: string | undefined
}

/** `context` is what a derived key is derived with; empty for none. */
export async function signText(
  view: ReadView,
  loaded: LoadedKey,
  asked: number,
  input: Uint8Array,
  context: Uint8Array,
  scheme: SignatureScheme,
): Promise<Signed> {
  const { key } = loaded
  assertUsable(key)
  const version = await loaded.version(view, versionFor(key, asked, 'signing'))
  if (version.stored.secret === undefined) throw transitErrors.NO_PRIVATE_TO_SIGN()
  await turnAfter(input.length)
  const { signature, publicKey } = await made(version, input, context, scheme)
  const text = scheme.marshaling === 'jws' ? signature.toString('base64url') : signature.toString('base64')
  return { signature: versioned(version.number, text), keyVersion: version.number, publicKey }
}

export async function verifyText(
  view: ReadView,
  loaded: LoadedKey,
  input: Uint8Array,
  signature: string,
  context: Uint8Array,
  scheme: SignatureScheme,
): Promise<boolean> {
  const { key } = loaded
  assertUsable(key)
  const { version: number, text } = parseVersioned(signature, key, 'signature')
  const bytes = scheme.marshaling === 'jws' ? fromBase64Url(text) : decodeBase64(text)
  if (bytes === undefined || typeof bytes === 'number') throw transitErrors.SIGNATURE_BASE64()
  return isValid(await loaded.version(view, number), input, bytes, context, scheme)
}

/** Throws where the key cannot do what the scheme asks for. */
export function assertSigns(loaded: LoadedKey, scheme: SignatureScheme, what: 'signing' | 'verification'): void {
  const { type } = loaded.key
  if (!signs(type)) throw transitErrors.NOT_FOR({ type: type.name, what })
  if (scheme.hash === undefined && (!scheme.prehashed || scheme.padding !== 'pkcs1v15')) throw transitErrors.HASH_NONE()
  const contextual = type.family === 'ml-dsa' || type.family === 'slh-dsa'
  if (scheme.prehashed && contextual) throw transitErrors.PREHASHED({ type: type.name })
  if (scheme.signatureContext.length > 0 && !contextual) throw transitErrors.SIGNATURE_CONTEXT({ type: type.name })
  if (scheme.signatureContext.length > 255) throw transitErrors.SIGNATURE_CONTEXT_LENGTH()
}

interface Made {
  readonly signature: Buffer
  readonly publicKey: string | undefined
}

async function made(
  version: LoadedVersion,
  input: Uint8Array,
  context: Uint8Array,
  scheme: SignatureScheme,
): Promise<Made> {
  const { type, derived } = version.key
  const of = (signature: Buffer, publicKey?: string): Made => ({ signature, publicKey })
  if (type.family === 'ed25519') {
    const pair = derived ? derivedPair(version, context) : version.edwardsPair
    if (pair === undefined) throw transitErrors.NO_PRIVATE_TO_SIGN()
    return of(await signEdwards(pair, input), derived ? toBase64(publicIn(pair)) : undefined)
  }
  const { privateKey } = version
  if (privateKey === undefined) throw transitErrors.NO_PRIVATE_TO_SIGN()
  switch (type.family) {
    case 'ecdsa': {
      const pair = await signEcdsa(privateKey, input, { curve: type.engine, ...scheme })
      return of(scheme.marshaling === 'jws' ? pair : toAsn1(pair))
    }
    case 'rsa':
      return of(await signRsa(privateKey, type.bits, input, scheme))
    default:
      return of(await signPostQuantum(keyObjectOf(privateKey), input, scheme.signatureContext))
  }
}

/** Throws `TRANSIT_DERIVATION`. */
function derivedPair(version: LoadedVersion, context: Uint8Array): Buffer {
  if (context.length === 0) throw transitErrors.DERIVATION({ why: transitErrors.NO_CONTEXT().message })
  return ed25519Pair(version.derive(context, 32))
}

function derivedPublic(version: LoadedVersion, context: Uint8Array) {
  return createPublicKey({ key: spkiOf(publicIn(derivedPair(version, context))), format: 'der', type: 'spki' })
}

async function isValid(
  version: LoadedVersion,
  input: Uint8Array,
  signature: Buffer,
  context: Uint8Array,
  scheme: SignatureScheme,
): Promise<boolean> {
  const { type, derived } = version.key
  switch (type.family) {
    case 'ecdsa': {
      const { bytes } = curveOf(type.engine)
      const pair = scheme.marshaling === 'jws' ? fromJws(signature, bytes) : fromAsn1(signature, bytes)
      return pair !== undefined && verifyEcdsa(version.publicKey, input, pair, { curve: type.engine, ...scheme })
    }
    case 'ed25519': {
      const key = derived ? derivedPublic(version, context) : version.publicKey
      return verifyEdwards(key, input, signature)
    }
    case 'rsa':
      return verifyRsa(version.publicKey, input, signature, scheme)
    default:
      return verifyPostQuantum(version.publicKey, input, signature, scheme.signatureContext)
  }
}
