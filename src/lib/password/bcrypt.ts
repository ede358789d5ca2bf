/** bcrypt, as Vault hashes passwords. It sees no more of a password than 72 bytes: longer ones are refused rather than cut. */
import { compare, hash } from 'bcrypt'

export const BCRYPT_BYTES = 72
/** Go's default, and so Vault's. */
export const BCRYPT_COST = 10

const FORM = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/** The cost of a hash; undefined for what is none. */
export function bcryptCost(text: string): number | undefined {
  const cost = Number(FORM.exec(text)?.[1])
  return cost >= 4 && cost <= 31 ? cost : undefined
}

/** The password is no longer than `BCRYPT_BYTES`. */
export function bcryptHash(password: Uint8Array): Promise<string> {
  return hash(bufferOf(password), BCRYPT_COST)
}

/** The same work whether or not it matches, and whether or not the password is too long to. */
export async function bcryptMatches(password: Uint8Array, hashed: string): Promise<boolean> {
  const fits = password.length <= BCRYPT_BYTES
  // `$2y$` is what PHP and htpasswd call the same.
  const same = await compare(bufferOf(password.subarray(0, BCRYPT_BYTES)), hashed.replace(/^\$2[xy]\$/, '$2b$'))
  return same && fits
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
