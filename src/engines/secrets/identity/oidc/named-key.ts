/**
 * A named key: what it signs with now, what it will sign with next, and every public half that somebody may still have to verify with.
 * The next one is published a whole rotation before it is used, so that whoever caches the keys knows it by then.
 */
import type { AlgorithmName, KeyPair, PublicJwk } from './algorithms.ts'

export interface NamedKey {
  readonly algorithm: AlgorithmName
  /** Seconds. */
  readonly rotationPeriod: number
  readonly verificationTtl: number
  readonly allowedClientIds: readonly string[]
  /** Wall clock, ms. */
  readonly nextRotation: number
  /** Oldest first. Empty for a key that nothing has referred to yet. */
  readonly ring: readonly RingEntry[]
}

export interface RingEntry {
  readonly jwk: PublicJwk
  /** Wall clock, ms; undefined while it signs, or is yet to. */
  readonly expiresAt: number | undefined
}

/** The private halves, kept apart so that whoever publishes the others never reads them. */
export interface SigningPairs {
  readonly current: KeyPair
  readonly next: KeyPair
}

export const DEFAULT_KEY = 'default'
const DAY = 86_400

/** As it is in a vault where nobody changed it. */
export const defaultKey: NamedKey = Object.freeze({
  algorithm: 'RS256',
  rotationPeriod: DAY,
  verificationTtl: DAY,
  allowedClientIds: ['*'],
  nextRotation: 0,
  ring: [],
})

/** A key's first pairs, or its first of another algorithm: what was signed before can be verified for the usual time. */
export function started(key: NamedKey, pairs: SigningPairs, previous: SigningPairs | undefined, now: number): NamedKey {
  // What was published for later never signed anything.
  const kept = key.ring.filter(({ jwk }) => jwk.kid !== previous?.next.public.kid)
  const ring = expiring(kept, previous?.current.public.kid, now + key.verificationTtl * 1000)
  return {
    ...key,
    nextRotation: now + key.rotationPeriod * 1000,
    ring: [...ring, entryOf(pairs.current), entryOf(pairs.next)],
  }
}

/** `verificationTtl`: seconds that the one which signed so far can still be verified with. */
export function rotated(
  key: NamedKey,
  pairs: SigningPairs,
  fresh: KeyPair,
  now: number,
  verificationTtl = key.verificationTtl,
): { readonly key: NamedKey; readonly pairs: SigningPairs } {
  const ring = expiring(key.ring, pairs.current.public.kid, now + verificationTtl * 1000)
  return {
    key: { ...key, nextRotation: now + key.rotationPeriod * 1000, ring: [...unexpired(ring, now), entryOf(fresh)] },
    pairs: { current: pairs.next, next: fresh },
  }
}

/** What is published at a moment. */
export function publicKeys({ ring }: NamedKey, now: number): readonly PublicJwk[] {
  return unexpired(ring, now).map(({ jwk }) => jwk)
}

/** Without what has expired; undefined if nothing has. */
export function pruned(key: NamedKey, now: number): NamedKey | undefined {
  const ring = unexpired(key.ring, now)
  return ring.length === key.ring.length ? undefined : { ...key, ring }
}

export function isDue(key: NamedKey, now: number): boolean {
  return key.ring.length > 0 && key.nextRotation <= now
}

export function allowsClient({ allowedClientIds }: NamedKey, clientId: string): boolean {
  return allowedClientIds.includes('*') || allowedClientIds.includes(clientId)
}

function entryOf(pair: KeyPair): RingEntry {
  return { jwk: pair.public, expiresAt: undefined }
}

function unexpired(ring: readonly RingEntry[], now: number): readonly RingEntry[] {
  return ring.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
}

function expiring(ring: readonly RingEntry[], kid: string | undefined, at: number): readonly RingEntry[] {
  return ring.map((entry) => (entry.jwk.kid === kid ? { ...entry, expiresAt: at } : entry))
}
