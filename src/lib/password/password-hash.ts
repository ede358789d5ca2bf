/** Hashes of passwords, by either algorithm. All of this is slow and goes through one lane. */
import { argon2idHash, argon2idMatches, argon2idParsed } from './argon2id.ts'
import { BCRYPT_BYTES, BCRYPT_COST, bcryptCost, bcryptHash, bcryptMatches } from './bcrypt.ts'
import { hashingLane } from './lane.ts'

export const algorithms = ['bcrypt', 'argon2id'] as const
export type Algorithm = (typeof algorithms)[number]

/** The most bytes of a password that an algorithm takes. */
export const longest: Readonly<Record<Algorithm, number>> = { bcrypt: BCRYPT_BYTES, argon2id: 4096 }

export type HashProblem = { readonly kind: 'unknown' } | { readonly kind: 'cheap' | 'dear'; readonly cost: number }

/** What bcrypt of elsewhere may cost: `htpasswd -B` makes 5, and each more doubles the work of a log-in. */
const LEAST_COST = 5
const MOST_COST = 12
export const bcryptCosts = { least: LEAST_COST, most: MOST_COST }

/** What is wrong with a hash that was made elsewhere; undefined if nothing is. */
export function hashProblem(text: string): HashProblem | undefined {
  const cost = bcryptCost(text)
  if (cost !== undefined)
    return cost < LEAST_COST ? { kind: 'cheap', cost } : cost > MOST_COST ? { kind: 'dear', cost } : undefined
  return argon2idParsed(text) === undefined ? { kind: 'unknown' } : undefined
}

/** The password is no longer than its algorithm takes. Rejects with `LaneFull` where too many wait. */
export function hashPassword(password: string, algorithm: Algorithm): Promise<string> {
  const bytes = Buffer.from(password)
  return hashingLane.run(() => (algorithm === 'bcrypt' ? bcryptHash(bytes) : argon2idHash(bytes)))
}

/** Rejects with `LaneFull` where too many wait, and with `LaneLeft` where the signal came before the turn did. */
export function passwordMatches(password: string, hash: string, signal?: AbortSignal): Promise<boolean> {
  const bytes = Buffer.from(password)
  const parsed = argon2idParsed(hash)
  const work = () => (parsed === undefined ? bcryptMatches(bytes, hash) : argon2idMatches(bytes, parsed))
  return hashingLane.run(work, signal)
}

/** Whether a hash was made as this server makes them now. */
export function isAsMadeNow(hash: string, algorithm: Algorithm): boolean {
  return algorithm === 'bcrypt' ? bcryptCost(hash) === BCRYPT_COST : hash.startsWith('$argon2id$')
}

const dummies = new Map<Algorithm, Promise<string>>()

/** A hash of nobody's password, to be verified for a name that nobody has, so that it takes as long. Made once. */
export function dummyHash(algorithm: Algorithm): Promise<string> {
  const made = dummies.get(algorithm) ?? hashPassword('nobody', algorithm)
  dummies.set(algorithm, made)
  made.catch(() => dummies.delete(algorithm))
  return made
}
