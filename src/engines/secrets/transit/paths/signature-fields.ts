/** What signing and verifying have in common. */
import { f, type Infer } from '#framework'
import { namedBase64 } from '../base64.ts'
import { hashNames, hashOf, type HashFunction } from '../crypto/hashes.ts'
import type { RsaScheme } from '../crypto/rsa.ts'
import { transitErrors } from '../errors.ts'
import type { SignatureScheme } from '../signature.ts'
import { context } from './fields.ts'

const HASHES = [...hashNames, 'none']

export const signatureFields = {
  input: f.string('What is signed, in base64.').sensitive().default(''),
  context,
  hash_algorithm: f
    .string(
      `The hash function: ${HASHES.join(', ')}. \`none\` signs by PKCS #1 what was hashed before, without the name of the hash ` +
        'function. Without effect with types that hash by themselves.',
    )
    .default(''),
  algorithm: f.string('Another name of `hash_algorithm`.').deprecated().default(''),
  prehashed: f.bool('The input is a hash already.').default(false),
  signature_algorithm: f.string('With RSA: `pss` or `pkcs1v15`.').default(''),
  marshaling_algorithm: f
    .string('`asn1`, or `jws`, with which ECDSA signatures are two numbers and all are in base64 for URLs.')
    .default('asn1'),
  salt_length: f
    .string('With PSS: `auto`, the longest; `hash`, as long as the hash; or a number of bytes.')
    .default('auto'),
  signature_context: f
    .string('With ML-DSA and SLH-DSA: at most 255 bytes, in base64, that are signed as the context.')
    .default(''),
}

/** With the defaults that Vault's schema tells. */
export const DEFAULT_HASH = 'sha2-256'

/** Of the URL, the body, or neither. */
export function hashNamed(
  urlAlgorithm: string,
  given: { readonly hash_algorithm: string; readonly algorithm: string },
): string {
  return urlAlgorithm || given.hash_algorithm || given.algorithm || DEFAULT_HASH
}

/** Undefined for `none`. Throws `TRANSIT_HASH_ALGORITHM`. */
export function signatureHash(name: string): HashFunction | undefined {
  if (name === 'none') return undefined
  const hash = hashOf(name)
  if (hash === undefined) throw transitErrors.HASH_ALGORITHM({ known: HASHES.join(', ') })
  return hash
}

export function schemeOf(urlAlgorithm: string, given: Infer<typeof signatureFields>): SignatureScheme {
  const hash = signatureHash(hashNamed(urlAlgorithm, given))
  const { marshaling_algorithm: marshaling, signature_algorithm: padding } = given
  if (marshaling !== 'asn1' && marshaling !== 'jws') throw transitErrors.MARSHALING()
  return {
    hash,
    prehashed: given.prehashed,
    marshaling,
    saltLength: saltLengthOf(given.salt_length),
    padding: paddingOf(padding),
    signatureContext: namedBase64(given.signature_context, 'signature_context'),
  }
}

function paddingOf(name: string): RsaScheme['padding'] {
  if (name === '') return 'pss'
  if (name !== 'pss' && name !== 'pkcs1v15') throw transitErrors.SIGNATURE_ALGORITHM()
  return name
}

/** Numbers as Go has them: 0 is `auto` and -1 is `hash`. */
function saltLengthOf(text: string): RsaScheme['saltLength'] {
  const name = text.toLowerCase()
  if (name === 'auto' || name === '0') return 'auto'
  if (name === 'hash' || name === '-1') return 'hash'
  if (!/^[+-]?\d{1,9}$/.test(name)) throw transitErrors.SALT_LENGTH()
  const bytes = Number(name)
  if (bytes < 0) throw transitErrors.SALT_LENGTH_RANGE()
  return bytes === 0 ? 'auto' : bytes
}
