/**
 * Shamir's secret sharing in Vault's format: a share is one byte for each of the secret's, followed by its x coordinate.
 * Shares made by Vault open here, and the other way round.
 */
import { randomBytes } from 'node:crypto'
import { sealErrors } from '../errors/seal.ts'
import { ownBytes, randomFrom, type RandomSource } from '../lib/secure/random.ts'
import { evaluate, multiply, weightsAtZero } from './gf256.ts'

/** Bytes that a share is longer than the secret. */
export const SHARE_OVERHEAD = 1

/**
 * Splits a secret into `shares` (2 to 255), of which any `threshold` (2 to `shares`) give it back. One share of one is, as in
 * Vault, the secret itself. The caller has checked the numbers.
 */
export function split(
  secret: Uint8Array,
  shares: number,
  threshold: number,
  random: RandomSource = randomBytes,
): Uint8Array[] {
  if (shares === 1 && threshold === 1) return [copyOf(secret)]
  if (!(threshold >= 2 && threshold <= shares && shares <= 255) || secret.length === 0) {
    throw new RangeError('the numbers of shares are out of range')
  }
  const xs = distinctCoordinates(shares, random)
  const out = Array.from(xs, (x) => {
    const share = ownBytes(secret.length + SHARE_OVERHEAD)
    share[secret.length] = x
    return share
  })
  const tails = randomFrom(random, secret.length * (threshold - 1))
  const coefficients = ownBytes(threshold)
  for (const [index, byte] of secret.entries()) {
    coefficients[0] = byte
    coefficients.set(tails.subarray(index * (threshold - 1), (index + 1) * (threshold - 1)), 1)
    for (const [k, share] of out.entries()) share[index] = evaluate(coefficients, xs[k] ?? 0)
  }
  coefficients.fill(0)
  tails.fill(0)
  return out
}

/**
 * Gives the secret back from as many shares as its threshold, or from the single share of one. Wrong shares give a wrong
 * secret: only the one who uses it can tell. Throws `SEAL_INVALID_KEY` for what can't be shares of one secret.
 */
export function combine(shares: readonly Uint8Array[]): Uint8Array {
  const [first] = shares
  if (first === undefined) throw invalid('less than two parts cannot be used to reconstruct the secret')
  if (shares.length === 1) return copyOf(first)
  const length = first.length - SHARE_OVERHEAD
  if (length < 1) throw invalid('parts must be at least two bytes')
  if (shares.some((share) => share.length !== first.length)) throw invalid('all parts must be the same length')
  const xs = Uint8Array.from(shares, (share) => share[length] ?? 0)
  if (xs.includes(0)) throw invalid('a part has no valid coordinate')
  if (new Set(xs).size !== xs.length) throw invalid('duplicate part detected')
  const weights = weightsAtZero(xs)
  const secret = ownBytes(length)
  for (const [k, share] of shares.entries()) {
    const weight = weights[k] ?? 0
    for (let index = 0; index < length; index++)
      secret[index] = (secret[index] ?? 0) ^ multiply(weight, share[index] ?? 0)
  }
  return secret
}

function copyOf(secret: Uint8Array): Uint8Array {
  const copy = ownBytes(secret.length)
  copy.set(secret)
  return copy
}

/** The x coordinates are not secret; drawn at random, they do not number the holders. */
function distinctCoordinates(count: number, random: RandomSource): Uint8Array {
  const all = Uint8Array.from({ length: 255 }, (_, i) => i + 1)
  // Fisher-Yates over four bytes a step: the bias of the remainder is below one in ten million.
  const draws = new DataView(randomFrom(random, count * 4).buffer)
  for (let i = 0; i < count; i++) {
    const j = i + (draws.getUint32(i * 4) % (all.length - i))
    const swapped = all[i] ?? 0
    all[i] = all[j] ?? 0
    all[j] = swapped
  }
  return all.subarray(0, count)
}

function invalid(reason: string) {
  return sealErrors.INVALID_KEY({ reason: `failed to compute combined key: ${reason}` })
}
