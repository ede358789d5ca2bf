/**
 * Codes that were tried of late, so that none is taken twice. As in Vault a wrong one is remembered, too; but only so many of them, as
 * anybody can make them up.
 */
import { totpErrors } from './domain.ts'

export interface TriedCode {
  readonly code: string
  readonly valid: boolean
  /** Wall clock, ms. */
  readonly until: number
}

const MOST_WRONG = 32

/** Throws `TOTP_CODE_USED`. */
export function assertUntried(tried: readonly TriedCode[], code: string, now: number): void {
  if (tried.some((one) => one.code === code && one.until > now)) throw totpErrors.CODE_USED()
}

/** With one more, and without those that nobody could use any longer. */
export function withTried(tried: readonly TriedCode[], one: TriedCode, now: number): readonly TriedCode[] {
  const live = [...tried.filter(({ until }) => until > now), one]
  const wrong = live.filter(({ valid }) => !valid)
  const forgotten = new Set(wrong.slice(0, Math.max(0, wrong.length - MOST_WRONG)))
  return live.filter((each) => !forgotten.has(each))
}
