/** Each signing algorithm, once: how its keys are made and which hashes go with it. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { withPassingKeys } from '../../../../lib/secure/openssl-heap.ts'
import { uuid } from '../../../../lib/secure/random.ts'

/** The public half of a key pair, as it is published (RFC 7517). */
export interface PublicJwk {
  readonly kid: string
  readonly alg: AlgorithmName
  /** `kty`, and what the kind of key has besides. */
  readonly parameters: ReadonlyMap<string, string>
}

export interface KeyPair {
  readonly public: PublicJwk
  /** PKCS #8 in DER, base64. Leaves the storage only to sign. */
  readonly privateKey: string
}

interface Algorithm {
  /** Of the signature; undefined where the algorithm brings its own. */
  readonly digest: string | undefined
  /** Of the claims `at_hash` and `c_hash`. */
  readonly claimHash: string
  readonly generate: () => Promise<Pair>
}

interface Pair {
  readonly publicKey: object
  readonly privateKey: Uint8Array
}

/** As bytes at once: a key object keeps its share of OpenSSL's small locked heap until it is collected. */
const encodings = {
  publicKeyEncoding: { format: 'jwk' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
} as const

// In the thread pool: the primes of an RSA key take some tenths of a second.
const generate = promisify(generateKeyPair)

function rsa(digest: string): Algorithm {
  return { digest, claimHash: digest, generate: () => generate('rsa', { modulusLength: 2048, ...encodings }) }
}

function ecdsa(digest: string, namedCurve: string): Algorithm {
  return { digest, claimHash: digest, generate: () => generate('ec', { namedCurve, ...encodings }) }
}

export const algorithms = {
  RS256: rsa('sha256'),
  RS384: rsa('sha384'),
  RS512: rsa('sha512'),
  ES256: ecdsa('sha256', 'P-256'),
  ES384: ecdsa('sha384', 'P-384'),
  ES512: ecdsa('sha512', 'P-521'),
  // Ed25519 hashes with SHA-512: https://bitbucket.org/openid/connect/issues/1125
  EdDSA: { digest: undefined, claimHash: 'sha512', generate: () => generate('ed25519', encodings) },
} as const satisfies Readonly<Record<string, Algorithm>>

export type AlgorithmName = keyof typeof algorithms

export const algorithmNames: readonly AlgorithmName[] = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/** Undefined for what is no algorithm of this program: `none`, those with a shared secret, any other. */
export function algorithmNamed(name: unknown): AlgorithmName | undefined {
  return algorithmNames.find((known) => known === name)
}

/** Of that heap, by the key that is made until the maker of it is collected: RSA's. */
const LEFT = 2048
const PUBLIC_PARAMETERS = ['kty', 'crv', 'x', 'y', 'n', 'e']

export async function generatePair(alg: AlgorithmName): Promise<KeyPair> {
  const { publicKey, privateKey } = await withPassingKeys(LEFT, () => algorithms[alg].generate())
  const jwk = new Map<string, unknown>(Object.entries(publicKey))
  const parameters = new Map<string, string>()
  for (const name of PUBLIC_PARAMETERS) {
    const value = jwk.get(name)
    if (typeof value === 'string') parameters.set(name, value)
  }
  return {
    public: { kid: uuid(), alg, parameters },
    privateKey: Buffer.from(privateKey).toString('base64'),
  }
}
