/** ECDSA. Of what is short it takes over P-256 less than handing it to the thread pool would; over the larger curves a millisecond and more. */
import { createSign, KeyObject, sign, verify } from 'node:crypto'
import type { Pkcs8, PrivateKey } from '../../../../lib/secure/openssl-heap.ts'
import type { HashFunction } from './hashes.ts'
import { inPieces, isLarge } from '../turn.ts'
import { signDigest, verifyDigest } from './ecdsa-digest.ts'

export interface EcdsaScheme {
  /** `P-256`, … */
  readonly curve: string
  /** Undefined: the input is signed as it is. */
  readonly hash: HashFunction | undefined
  readonly prehashed: boolean
}

const dsaEncoding = 'ieee-p1363'

/** Both numbers, side by side. A key that is not parsed is freed when this returns, so what is done with it is done here. */
export function signEcdsa(
  key: PrivateKey,
  input: Uint8Array,
  { curve, hash, prehashed }: EcdsaScheme,
): Buffer | Promise<Buffer> {
  if (prehashed || hash === undefined) return signDigest(key, curve, input)
  if (!(key instanceof KeyObject)) return signWith(key, input, hash)
  if (curve === 'P-256' && !isLarge(input.length)) return sign(hash.engine, input, { key, dsaEncoding })
  return new Promise((resolve, reject) =>
    sign(hash.engine, input, { key, dsaEncoding }, (error, signature) => (error ? reject(error) : resolve(signature))),
  )
}

async function signWith(key: Pkcs8, input: Uint8Array, { engine }: HashFunction): Promise<Buffer> {
  const signer = createSign(engine)
  await inPieces(input, (piece) => signer.update(piece))
  return signer.sign({ ...key, dsaEncoding })
}

export function verifyEcdsa(
  key: KeyObject,
  input: Uint8Array,
  signature: Uint8Array,
  { curve, hash, prehashed }: EcdsaScheme,
): boolean | Promise<boolean> {
  if (prehashed || hash === undefined) return verifyDigest(key, curve, input, signature)
  if (curve === 'P-256' && !isLarge(input.length)) return verify(hash.engine, input, { key, dsaEncoding }, signature)
  return new Promise((resolve, reject) =>
    verify(hash.engine, input, { key, dsaEncoding }, signature, (error, valid) =>
      error ? reject(error) : resolve(valid),
    ),
  )
}
