/** New key material. What takes long (RSA) is made in the thread pool. */
import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { freshBytes } from '../../../../lib/secure/random.ts'
import { hmacKeyBytes, type KeyType } from '../key-types.ts'
import { pairFrom, publicOf } from './ed25519.ts'
import { generatePostQuantum } from './post-quantum.ts'

export interface Material {
  /** As `KeyVersion` keeps it. */
  readonly secret: Uint8Array | undefined
  readonly publicKey: Uint8Array | undefined
}

const generate = promisify(generateKeyPair)

const PUBLIC_EXPONENT = 0x10001

export async function generateMaterial(type: KeyType, keySize: number): Promise<Material> {
  switch (type.family) {
    case 'aead':
    case 'cmac':
      return { secret: freshBytes(type.keyBytes), publicKey: undefined }
    case 'hmac':
      return { secret: freshBytes(keySize === 0 ? hmacKeyBytes.default : keySize), publicKey: undefined }
    case 'rsa':
      return materialOf(
        type,
        (await generate('rsa', { modulusLength: type.bits, publicExponent: PUBLIC_EXPONENT })).privateKey,
      )
    case 'ecdsa':
      return materialOf(type, (await generate('ec', { namedCurve: type.engine })).privateKey)
    case 'ed25519':
      return materialOf(type, (await generate('ed25519')).privateKey)
    case 'ml-dsa':
    case 'slh-dsa':
    case 'ml-kem':
      return materialOf(type, await generatePostQuantum(type.name))
  }
}

/** Of a private key as `node:crypto` has it. */
export function materialOf({ family }: KeyType, key: KeyObject): Material {
  const secret = family === 'ed25519' ? pairFrom(key) : key.export({ format: 'der', type: 'pkcs8' })
  return { secret: Uint8Array.from(secret), publicKey: Uint8Array.from(publicOf(key)) }
}
