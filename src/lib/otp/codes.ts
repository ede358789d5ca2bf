/** One-time passwords that follow from a key and the time (RFC 6238). */
import { secretsEqual } from '../secure/equal.ts'

export const algorithms = ['SHA1', 'SHA256', 'SHA512'] as const
export type Algorithm = (typeof algorithms)[number]

export interface TotpKey {
  readonly secret: Uint8Array
  readonly algorithm: Algorithm
  readonly digits: number
  /** Seconds. */
  readonly period: number
}

/** Which period a moment (ms since the epoch) lies in. */
export function counterAt(now: number, period: number): number {
  return Math.floor(now / 1000 / period)
}

/** The code of the period with this number. */
export async function codeOf({ secret, algorithm, digits }: TotpKey, counter: number): Promise<string> {
  // Loaded by the first who needs a code: most servers never make one.
  const { HOTP, Secret } = await import('otpauth')
  // A copy: it takes an ArrayBuffer as a whole.
  return HOTP.generate({ secret: new Secret({ buffer: new Uint8Array(secret).buffer }), algorithm, digits, counter })
}

/**
 * Whether `code` is that of the moment's period, or of one that is at most `skew` periods away. Each of them is compared, so that the
 * time tells nothing.
 */
export async function isCodeOf(key: TotpKey, code: string, now: number, skew: number): Promise<boolean> {
  const middle = counterAt(now, key.period)
  let found = false
  for (let counter = Math.max(0, middle - skew); counter <= middle + skew; counter++)
    found = secretsEqual(await codeOf(key, counter), code) || found
  return found
}

/** Seconds for which a code that was used must not be taken again: whoever accepts it now would do so for no longer. */
export function usedFor(period: number, skew: number): number {
  return period * (2 + skew)
}

/** As many characters as the key's codes have, and no blank at an end: nothing is trimmed into a code. */
export function hasCodeLength(code: string, digits: number): boolean {
  return code.trim() === code && Buffer.byteLength(code) === digits
}
