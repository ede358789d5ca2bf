/**
 * How long a token or a lease may live: Vault's rule for combining what is asked for, what the engine says and what mount and
 * system allow. Source: https://developer.hashicorp.com/vault/docs/concepts/tokens#token-time-to-live-periodic-tokens-and-explicit-max-ttls
 */
import { formatDurationShort } from './duration.ts'

/** All in seconds; 0 is "not set". */
export interface TtlWish {
  /** What a renewal asks for. */
  readonly increment?: number
  /** What the engine or the role says. */
  readonly ttl?: number
  readonly period?: number
  readonly maxTtl?: number
  readonly explicitMaxTtl?: number
  /** Wall clock, ms. */
  readonly issuedAt: number
}

export interface TtlLimits {
  /** Seconds. */
  readonly defaultTtl: number
  readonly maxTtl: number
}

export interface TtlGrant {
  /** Seconds, at least 1. */
  readonly ttl: number
  /** Wall clock, ms: not after the maximum, to the millisecond. */
  readonly expiresAt: number
  readonly warnings: readonly string[]
}

/** Undefined where the maximum is past already: there is nothing left to grant, and 0 must never come to mean "for ever". */
export function grantTtl(wish: TtlWish, limits: TtlLimits, now: number): TtlGrant | undefined {
  const { increment = 0, ttl = 0, period = 0, maxTtl = 0, explicitMaxTtl = 0, issuedAt } = wish
  const max = Math.min(...[limits.maxTtl, maxTtl, explicitMaxTtl].filter((limit) => limit > 0))
  const warnings: string[] = []
  let granted = increment > 0 ? increment : ttl > 0 ? ttl : limits.defaultTtl
  let lastMoment = issuedAt + max * 1000
  if (period > 0) {
    granted = Math.min(period, max)
    if (period > max) warnings.push(capped('period', period, max))
    lastMoment = explicitMaxTtl > 0 ? issuedAt + explicitMaxTtl * 1000 : Infinity
  }
  const left = Math.min(Math.floor(lastMoment / 1000) - Math.floor(now / 1000), Math.ceil((lastMoment - now) / 1000))
  if (left <= 0 || granted <= 0) return undefined
  if (granted > left) {
    warnings.push(capped('TTL', granted, left))
    granted = left
  }
  const expiresAt = Math.min(now + granted * 1000, lastMoment)
  return expiresAt > now ? { ttl: granted, expiresAt, warnings } : undefined
}

function capped(what: 'period' | 'TTL', wanted: number, max: number): string {
  const [from, to] = [formatDurationShort(wanted), formatDurationShort(max)]
  return `${what} of "${from}" exceeded the effective max_ttl of "${to}"; ${what} value is capped accordingly`
}
