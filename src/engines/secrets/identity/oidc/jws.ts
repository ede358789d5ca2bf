/** Signatures in the compact form (RFC 7515), as ID tokens have them. */
import { createHash, createPublicKey, createSign, verify } from 'node:crypto'
import { defaultJsonLimits, JsonError, parseObject, type RawJson } from '../../../../lib/json/index.ts'
import { ed25519Pair, ed25519Sign } from '../../../../lib/secure/ed25519.ts'
import { algorithmNamed, algorithms, type AlgorithmName, type KeyPair, type PublicJwk } from './algorithms.ts'

/** The payload, signed. Only the header says which key to verify with: no URL, no key of its own. */
export function signCompact(payload: string, { public: { alg, kid }, privateKey }: KeyPair): string {
  const input = `${base64url(JSON.stringify({ alg, kid }))}.${base64url(payload)}`
  const der = Buffer.from(privateKey, 'base64')
  const signature = signatureOf(alg, input, der)
  der.fill(0)
  return `${input}.${signature.toString('base64url')}`
}

/**
 * The key goes in as bytes, and is out of OpenSSL's memory when this returns: a key object keeps its share of the locked heap until it is
 * collected, and after some seventy of RSA there is nothing left of it.
 */
function signatureOf(alg: AlgorithmName, input: string, der: Buffer): Buffer {
  const { digest } = algorithms[alg]
  if (digest === undefined) return edwardsSignatureOf(input, der)
  return createSign(digest).update(input).sign({ key: der, format: 'der', type: 'pkcs8', dsaEncoding: 'ieee-p1363' })
}

/** Ed25519 signs the message itself, in one go, which OpenSSL's binding does with key objects only. The seed is the end of the PKCS #8. */
function edwardsSignatureOf(input: string, der: Buffer): Buffer {
  const pair = ed25519Pair(der.subarray(-32))
  const signature = ed25519Sign(pair, Buffer.from(input))
  pair.fill(0)
  return signature
}

export type Verified =
  | { readonly kind: 'signed'; readonly claims: ReadonlyMap<string, RawJson> }
  | { readonly kind: 'malformed'; readonly reason: string }
  /** No key that is known made this signature. */
  | { readonly kind: 'unsigned' }

/** A longer one is none of ours. */
const MAX_LENGTH = 1 << 20
const PART = /^[\w-]+$/

/**
 * What a token says, if one of `keys` signed it. The algorithm is the key's, never the token's: that of the header has to be the same.
 */
export function verifyCompact(token: string, keys: readonly PublicJwk[]): Verified {
  const [header = '', payload = '', signature = '', more] = token.length > MAX_LENGTH ? [] : token.split('.')
  if (more !== undefined || ![header, payload, signature].every((part) => PART.test(part)))
    return { kind: 'malformed', reason: 'a compact JWS has three parts in base64url' }
  const head = object(header)
  if (head === undefined) return { kind: 'malformed', reason: 'the header is no JSON object' }
  const alg = algorithmNamed(head.get('alg')?.value())
  if (alg === undefined) return { kind: 'malformed', reason: 'the signature algorithm is not supported' }
  // Extensions that change what the signature means: there are none that this program knows.
  if (head.has('crit')) return { kind: 'malformed', reason: 'the header has critical extensions' }
  const kid = head.get('kid')?.value()
  const key = keys.find((known) => known.kid === kid)
  if (key === undefined || key.alg !== alg || !isSigned(`${header}.${payload}`, signature, key))
    return { kind: 'unsigned' }
  const claims = object(payload)
  return claims === undefined
    ? { kind: 'malformed', reason: 'the payload is no JSON object' }
    : { kind: 'signed', claims }
}

function isSigned(input: string, signature: string, { alg, parameters }: PublicJwk): boolean {
  const key = createPublicKey({ key: Object.fromEntries(parameters), format: 'jwk' })
  return verify(
    algorithms[alg].digest,
    Buffer.from(input),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
}

/** The left half of the hash, which binds an access token or a code to the ID token beside it (OpenID Connect Core 3.1.3.6). */
export function hashClaim(alg: AlgorithmName, value: string): string {
  const hash = createHash(algorithms[alg].claimHash).update(value).digest()
  return hash.subarray(0, hash.length / 2).toString('base64url')
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function object(part: string): ReadonlyMap<string, RawJson> | undefined {
  try {
    const text = Buffer.from(part, 'base64url')
    return parseObject(text, defaultJsonLimits)
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}
