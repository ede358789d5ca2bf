/**
 * Argon2id in the PHC form `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. Source: RFC 9106; the costs are OWASP's.
 *
 * Of libsodium and not of node:crypto, whose Argon2 takes its memory from OpenSSL's secure heap, which is far too small for it.
 */
import sodium from 'sodium-native'
import { secretsEqual } from '../secure/equal.ts'
import { freshBytes } from '../secure/random.ts'

interface Costs {
  /** KiB. */
  readonly memory: number
  readonly passes: number
}

const COSTS: Costs = { memory: 19_456, passes: 2 }
/** What a hash made elsewhere may cost: neither so little that it protects nothing, nor more than a log-in is worth. */
const LEAST: Costs = { memory: 7_168, passes: 1 }
const MOST: Costs = { memory: 65_536, passes: 10 }

const SALT_BYTES = 16
const HASH_BYTES = 32
/** One lane, as libsodium has it. A salt of 16 bytes, a hash of 16 to 64. */
const FORM = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{22,86})$/

export interface Argon2id extends Costs {
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

/** Undefined for what is no such hash, or one beyond reasonable costs. */
export function argon2idParsed(text: string): Argon2id | undefined {
  const found = FORM.exec(text)
  if (found === null) return undefined
  const [, m, t, salt = '', hash = ''] = found
  const costs = { memory: Number(m), passes: Number(t) }
  if (costs.memory < LEAST.memory || costs.passes < LEAST.passes) return undefined
  if (costs.memory > MOST.memory || costs.passes > MOST.passes) return undefined
  return { ...costs, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
}

export async function argon2idHash(password: Uint8Array): Promise<string> {
  const salt = freshBytes(SALT_BYTES)
  const hash = await derive(password, { ...COSTS, salt, hash: new Uint8Array(HASH_BYTES) })
  return `$argon2id$v=19$m=${COSTS.memory},t=${COSTS.passes},p=1$${base64(salt)}$${base64(hash)}`
}

export async function argon2idMatches(password: Uint8Array, known: Argon2id): Promise<boolean> {
  return secretsEqual(await derive(password, known), known.hash)
}

function derive(password: Uint8Array, { memory, passes, salt, hash }: Argon2id): Promise<Uint8Array> {
  const out = new Uint8Array(hash.length)
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  sodium.crypto_pwhash_async(out, password, salt, passes, memory * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13, (error) =>
    error === null ? resolve(out) : reject(error),
  )
  return promise
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
