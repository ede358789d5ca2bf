/** New key material. What takes long (RSA) is made in the thread pool. */
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { ed25519Pair } from '../../../../lib/secure/ed25519.ts'
import { withPassingKeys } from '../../../../lib/secure/openssl-heap.ts'
import { freshBytes } from '../../../../lib/secure/random.ts'
import { hmacKeyBytes, type KeyType } from '../key-types.ts'
import { publicIn, seedIn, spkiOf } from './ed25519.ts'
import { generatePostQuantum } from './post-quantum.ts'

export interface Material {
  /** As `KeyVersion` keeps it. */
  readonly secret: Uint8Array | undefined
  readonly publicKey: Uint8Array | undefined
}

const generate = promisify(generateKeyPair)

const PUBLIC_EXPONENT = 0x10001
const SEED_BYTES = 32
/** As bytes at once: a key object keeps its share of OpenSSL's locked heap until it is collected. */
const encodings = {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
} as const
/** What making a key leaves of that heap at most, until it is collected. */
const LEFT = { rsa: 2560, ecdsa: 128, 'post-quantum': 256 } as const

export async function generateMaterial(type: KeyType, keySize: number): Promise<Material> {
  switch (type.family) {
    case 'aead':
    case 'cmac':
      return { secret: freshBytes(type.keyBytes), publicKey: undefined }
    case 'hmac':
      return { secret: freshBytes(keySize === 0 ? hmacKeyBytes.default : keySize), publicKey: undefined }
    case 'rsa':
      return withPassingKeys(LEFT.rsa, async () =>
        encoded(await generate('rsa', { modulusLength: type.bits, publicExponent: PUBLIC_EXPONENT, ...encodings })),
      )
    case 'ecdsa':
      return withPassingKeys(LEFT.ecdsa, async () =>
        encoded(await generate('ec', { namedCurve: type.engine, ...encodings })),
      )
    case 'ed25519':
      return edwardsMaterial(freshBytes(SEED_BYTES))
    case 'ml-dsa':
    case 'slh-dsa':
    case 'ml-kem':
      return withPassingKeys(LEFT['post-quantum'], async () => materialOf(type, await generatePostQuantum(type.name)))
  }
}

function encoded({ privateKey, publicKey }: { readonly privateKey: Buffer; readonly publicKey: Buffer }): Material {
  return { secret: Uint8Array.from(privateKey), publicKey: Uint8Array.from(publicKey) }
}

function edwardsMaterial(seed: Uint8Array): Material {
  const pair = ed25519Pair(seed)
  return { secret: Uint8Array.from(pair), publicKey: Uint8Array.from(spkiOf(publicIn(pair))) }
}

/** Of a private key as `node:crypto` has it. */
export function materialOf({ family }: KeyType, key: KeyObject): Material {
  const secret = key.export({ format: 'der', type: 'pkcs8' })
  if (family === 'ed25519') return edwardsMaterial(seedIn(secret))
  return { secret: Uint8Array.from(secret), publicKey: Uint8Array.from(publicOf(key)) }
}

export function publicOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' })
}
