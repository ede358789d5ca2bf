/** Vault's names of hash functions and OpenSSL's. */

export interface HashFunction {
  readonly name: string
  readonly engine: string
  readonly bytes: number
  /** What stands before the hash in a PKCS #1 signature (RFC 8017, 9.2). */
  readonly digestInfo: Uint8Array
}

function hashFunction(name: string, engine: string, bytes: number, oid: string): HashFunction {
  const algorithm = Buffer.from(oid, 'hex')
  const identifier = Buffer.concat([Buffer.from([0x30, algorithm.length + 4, 6, algorithm.length]), algorithm, NULL])
  const length = identifier.length + 2 + bytes
  const digestInfo = Buffer.concat([Buffer.from([0x30, length]), identifier, Buffer.from([4, bytes])])
  return Object.freeze({ name, engine, bytes, digestInfo })
}

const NULL = Buffer.from([5, 0])
/** 2.16.840.1.101.3.4.2 */
const NIST = '6086480165030402'

const rows: readonly HashFunction[] = [
  hashFunction('sha1', 'sha1', 20, '2b0e03021a'),
  hashFunction('sha2-224', 'sha224', 28, `${NIST}04`),
  hashFunction('sha2-256', 'sha256', 32, `${NIST}01`),
  hashFunction('sha2-384', 'sha384', 48, `${NIST}02`),
  hashFunction('sha2-512', 'sha512', 64, `${NIST}03`),
  hashFunction('sha3-224', 'sha3-224', 28, `${NIST}07`),
  hashFunction('sha3-256', 'sha3-256', 32, `${NIST}08`),
  hashFunction('sha3-384', 'sha3-384', 48, `${NIST}09`),
  hashFunction('sha3-512', 'sha3-512', 64, `${NIST}0a`),
]

const byName = new Map(rows.map((hash) => [hash.name, hash]))

export const hashNames: readonly string[] = rows.map((hash) => hash.name)

export function hashOf(name: string): HashFunction | undefined {
  return byName.get(name)
}
