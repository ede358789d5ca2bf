/** How long a new token may live. */
import { parseDuration } from '../../../lib/duration.ts'
import { grantTtl, type TtlLimits } from '../../../lib/ttl.ts'
import { tokenPathErrors } from './errors.ts'
import type { CreateInput } from './fields.ts'
import type { TokenRole } from './roles.ts'

/** Seconds. */
export interface Lifetime {
  /** 0: for ever. */
  readonly ttl: number
  /** What the token keeps, for renewals. */
  readonly period: number
  readonly explicitMaxTtl: number
}

export interface LifetimeWish {
  readonly input: CreateInput
  readonly role: TokenRole | undefined
  readonly batch: boolean
  readonly root: boolean
  readonly sudo: boolean
  readonly limits: TtlLimits
  readonly now: number
  warn(sentence: string): void
}

export function lifetimeOf(wish: LifetimeWish): Lifetime {
  const { input, role, batch, root, limits, now } = wish
  const asked = { explicitMaxTtl: seconds(input, 'explicit_max_ttl'), period: seconds(input, 'period') }
  if (asked.period > 0 && !wish.sudo) throw tokenPathErrors.SUDO_PERIOD()
  const wanted = input.ttl === '' ? seconds(input, 'lease') : seconds(input, 'ttl')
  const ofRole = role !== undefined && !batch ? role : undefined
  const explicitMaxTtl = lesser('Explicit max TTL', asked.explicitMaxTtl, ofRole?.token_explicit_max_ttl ?? 0, wish)
  const period = lesser('Period', asked.period, ofRole?.token_period ?? 0, wish)
  if (root && wanted === 0 && period === 0) return { ttl: explicitMaxTtl, ...asked }
  const granted = grantTtl({ ttl: wanted, period, explicitMaxTtl, issuedAt: now }, limits, now)
  if (granted === undefined) throw tokenPathErrors.PAST_MAX_TTL()
  for (const warning of granted.warnings) wish.warn(warning)
  return { ttl: granted.ttl, ...asked }
}

/** A batch token is told first which of these it cannot have. */
export function assertBatchFields(input: CreateInput): void {
  if (seconds(input, 'explicit_max_ttl') !== 0) throw tokenPathErrors.BATCH_FIELD({ field: 'explicit_max_ttl' })
  if (input.num_uses !== 0) throw tokenPathErrors.BATCH_FIELD({ field: 'num_uses' })
  if (seconds(input, 'period') !== 0) throw tokenPathErrors.BATCH_FIELD({ field: 'period' })
}

function seconds(input: CreateInput, field: 'ttl' | 'lease' | 'period' | 'explicit_max_ttl'): number {
  const text = input[field]
  const value = text === '' ? 0 : parseDuration(text)
  if (value === undefined) throw tokenPathErrors.DURATION({ field })
  if (value < 0) throw tokenPathErrors.NOT_POSITIVE({ field })
  return value
}

function lesser(what: string, asked: number, ofRole: number, wish: LifetimeWish): number {
  if (asked === 0 || ofRole === 0) return asked || ofRole
  const used = Math.min(asked, ofRole)
  wish.warn(`${what} specified both during creation call and in role; using the lesser value of ${used} seconds`)
  return used
}
