/** ML-DSA (FIPS 204), SLH-DSA (FIPS 205) and ML-KEM (FIPS 203) keys; signatures are made and checked in the thread pool. */
import { generateKeyPair, sign, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

const generate = promisify(generateKeyPair)

type Generator = () => Promise<{ readonly privateKey: KeyObject }>

const generators: ReadonlyMap<string, Generator> = new Map<string, Generator>([
  ...(['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const).map((name) => [name, () => generate(name)] as const),
  ...(['ml-kem-512', 'ml-kem-768', 'ml-kem-1024'] as const).map((name) => [name, () => generate(name)] as const),
  ...(['sha2', 'shake'] as const).flatMap((hash) =>
    (['128s', '128f', '192s', '192f', '256s', '256f'] as const).map((size) => {
      const name = `slh-dsa-${hash}-${size}` as const
      return [name, () => generate(name)] as const
    }),
  ),
])

export async function generatePostQuantum(name: string): Promise<KeyObject> {
  const generator = generators.get(name)
  if (generator === undefined) throw new Error('no such key type')
  return (await generator()).privateKey
}

/** `context` is part of what is signed; empty for none. */
export function signPostQuantum(key: KeyObject, input: Uint8Array, context: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    sign(null, input, { key, context }, (error, signature) => (error ? reject(error) : resolve(signature))),
  )
}

export function verifyPostQuantum(
  key: KeyObject,
  input: Uint8Array,
  signature: Uint8Array,
  context: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve, reject) =>
    verify(null, input, { key, context }, signature, (error, valid) => (error ? reject(error) : resolve(valid))),
  )
}
