/**
 * Every type of key, once. What a type can do follows from its family; nothing else in the engine lists types.
 *
 * `code` is the number by which backups name a type. The reference and Vault agree on the first ten; 10 and 11 they give to different
 * types (`backup/type-code.ts`), and from 100 on they are this program's own.
 */

export type Family = 'aead' | 'rsa' | 'ecdsa' | 'ed25519' | 'hmac' | 'cmac' | 'ml-dsa' | 'slh-dsa' | 'ml-kem'

export interface KeyType {
  readonly name: string
  readonly family: Family
  readonly code: number
  /** Of a symmetric key; 0 where it varies or is no plain string of bytes. */
  readonly keyBytes: number
  /** Of the AEAD's nonce. */
  readonly nonceBytes: number
  /** What `node:crypto` calls it: a cipher, a curve, an asymmetric key type. */
  readonly engine: string
  /** Of an RSA modulus. */
  readonly bits: number
  /** As Vault prints it beside a public key. */
  readonly label: string
}

function row(name: string, family: Family, code: number, more: Partial<KeyType> = {}): KeyType {
  return Object.freeze({ name, family, code, keyBytes: 0, nonceBytes: 0, engine: name, bits: 0, label: name, ...more })
}

function aead(name: string, code: number, keyBytes: number, nonceBytes: number, engine: string): KeyType {
  return row(name, 'aead', code, { keyBytes, nonceBytes, engine })
}

function curve(name: string, code: number, label: string): KeyType {
  return row(name, 'ecdsa', code, { engine: label, label })
}

function rsa(bits: number, code: number): KeyType {
  return row(`rsa-${bits}`, 'rsa', code, { engine: 'rsa', bits })
}

const SLH_DSA = ['sha2', 'shake'].flatMap((hash) =>
  ['128s', '128f', '192s', '192f', '256s', '256f'].map((size) => `slh-dsa-${hash}-${size}`),
)

const rows: readonly KeyType[] = [
  aead('aes256-gcm96', 0, 32, 12, 'aes-256-gcm'),
  curve('ecdsa-p256', 1, 'P-256'),
  row('ed25519', 'ed25519', 2),
  rsa(2048, 3),
  rsa(4096, 4),
  aead('chacha20-poly1305', 5, 32, 12, 'chacha20-poly1305'),
  curve('ecdsa-p384', 6, 'P-384'),
  curve('ecdsa-p521', 7, 'P-521'),
  aead('aes128-gcm96', 8, 16, 12, 'aes-128-gcm'),
  rsa(3072, 9),
  row('hmac', 'hmac', 11),
  aead('xchacha20-poly1305', 11, 32, 24, 'xchacha20-poly1305'),
  row('aes128-cmac', 'cmac', 12, { keyBytes: 16, engine: 'aes-128-cbc' }),
  row('aes256-cmac', 'cmac', 13, { keyBytes: 32, engine: 'aes-256-cbc' }),
  ...['44', '65', '87'].map((set, i) => row(`ml-dsa-${set}`, 'ml-dsa', 100 + i)),
  ...['512', '768', '1024'].map((set, i) => row(`ml-kem-${set}`, 'ml-kem', 110 + i)),
  ...SLH_DSA.map((name, i) => row(name, 'slh-dsa', 120 + i)),
]

const byName = new Map(rows.map((type) => [type.name, type]))

export const keyTypes: readonly KeyType[] = rows
export const keyTypeNames: readonly string[] = rows.map((type) => type.name)

export function keyTypeOf(name: string): KeyType | undefined {
  return byName.get(name)
}

const ENCRYPTING: ReadonlySet<Family> = new Set(['aead', 'rsa', 'ml-kem'])
const SIGNING: ReadonlySet<Family> = new Set(['ecdsa', 'ed25519', 'rsa', 'ml-dsa', 'slh-dsa'])
const SYMMETRIC: ReadonlySet<Family> = new Set(['aead', 'hmac', 'cmac'])

export function encrypts({ family }: KeyType): boolean {
  return ENCRYPTING.has(family)
}

export function signs({ family }: KeyType): boolean {
  return SIGNING.has(family)
}

export function derives({ family }: KeyType): boolean {
  return family === 'aead' || family === 'ed25519'
}

/** A data key may be bound to data that travels in clear. */
export function takesAssociatedData({ family }: KeyType): boolean {
  return family === 'aead' || family === 'ml-kem'
}

/** A key is a string of bytes, and nothing of it is public. */
export function isSymmetric({ family }: KeyType): boolean {
  return SYMMETRIC.has(family)
}

/** Of these OpenSSL keeps nothing in its locked heap. */
export function isPostQuantum({ family }: KeyType): boolean {
  return family === 'ml-dsa' || family === 'slh-dsa' || family === 'ml-kem'
}

export function agrees({ family }: KeyType): boolean {
  return family === 'ecdsa'
}

/** Those of a key whose size the client chooses, bytes. */
export const hmacKeyBytes = { min: 32, max: 512, default: 32 } as const

/** Vault names some types by their family, with the parameter set beside it. */
export function withParameterSet(type: string, set: string): string {
  if (type === 'ml-dsa' || type === 'ml-kem') return `${type}-${set}`
  return type === 'slh-dsa' ? set : type
}
