/**
 * How servers that follow another learn of a new root key: the new one, encrypted with the one before. Whoever holds the old key in memory
 * goes over to the new one; the shares of the old key open nothing here, as what they opened is not stored any more. Links are kept for a
 * short while only, and several of them, since a follower may have slept through more than one change.
 *
 *     for each link, oldest first: time, ms (8) | envelope of the new key
 */
import { CofferError } from '../errors/coffer-error.ts'
import { sealErrors } from '../errors/seal.ts'
import type { SecretBytes } from '../lib/secure/guarded.ts'
import { envelopeLength, KEY_BYTES, sealEnvelope } from './envelope.ts'
import { openKey } from './open-key.ts'
import { ROOT_KEY_LINKS_KEY } from './storage-keys.ts'

export interface RootKeyLink {
  /** Ms since the epoch. */
  readonly madeAt: number
  readonly envelope: Uint8Array
}

/** How long a follower may take to hear of a new root key, ms. One that comes later is unsealed anew. */
export const LINK_LIFETIME = 600_000

const TIME_BYTES = 8
const LINK_BYTES = TIME_BYTES + envelopeLength(KEY_BYTES)
/** A root key is not part of a keyring. */
const NO_TERM = 0

export function linkBetween(from: SecretBytes, to: SecretBytes, now: number): RootKeyLink {
  return { madeAt: now, envelope: sealEnvelope(from.bytes, NO_TERM, ROOT_KEY_LINKS_KEY, to.bytes) }
}

/** Leaves out those whose time is over. */
export function encodeLinks(links: readonly RootKeyLink[], now: number): Uint8Array {
  const fresh = links.filter(({ madeAt }) => madeAt > now - LINK_LIFETIME)
  const out = Buffer.alloc(fresh.length * LINK_BYTES)
  for (const [i, { madeAt, envelope }] of fresh.entries()) {
    out.writeBigUInt64BE(BigInt(madeAt), i * LINK_BYTES)
    out.set(envelope, i * LINK_BYTES + TIME_BYTES)
  }
  return out
}

/** Throws `SEAL_CORRUPT`. */
export function decodeLinks(stored: Uint8Array): readonly RootKeyLink[] {
  if (stored.length % LINK_BYTES !== 0) throw sealErrors.CORRUPT({ what: `entry ${ROOT_KEY_LINKS_KEY}` })
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  return Array.from({ length: stored.length / LINK_BYTES }, (_, i) => ({
    madeAt: Number(bytes.readBigUInt64BE(i * LINK_BYTES)),
    envelope: stored.subarray(i * LINK_BYTES + TIME_BYTES, (i + 1) * LINK_BYTES),
  }))
}

/** The newest key that this one leads to. Undefined where it leads to none. The caller wipes both. */
export function followLinks(from: SecretBytes, links: readonly RootKeyLink[]): SecretBytes | undefined {
  let at: SecretBytes | undefined
  for (const { envelope } of links) {
    const next = opened(at ?? from, envelope)
    if (next === undefined) continue
    at?.wipe()
    at = next
  }
  return at
}

function opened(key: SecretBytes, envelope: Uint8Array): SecretBytes | undefined {
  try {
    return openKey(key.bytes, envelope, ROOT_KEY_LINKS_KEY)
  } catch (error) {
    // Of a key before this one.
    if (error instanceof CofferError && error.code === 'SEAL_WRONG_KEY') return undefined
    throw error
  }
}
