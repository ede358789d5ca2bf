/** Rate limits as requests meet them. */
import type { HashKey } from '../lib/half-siphash.ts'
import type { Clock } from '../lib/clock.ts'
import type { Counter, Metrics } from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import type { LimitedRequest, RateLimit, RateLimitPort, RateVerdict } from '../request/quota-ports.ts'
import type { Buckets, Limit, Taken } from './buckets.ts'
import type { QuotaIndex } from './quota-index.ts'
import type { RateLimitRule } from './rule.ts'

export interface RateLimitsDeps {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly buckets: Buckets
  index(): QuotaIndex
}

/** More than anybody takes in an interval; the table counts in 32 bits. */
const MOST = 2 ** 31 - 1
const NO_HEADERS: RateVerdict['headers'] = []

export class RateLimits implements RateLimitPort {
  readonly #deps: RateLimitsDeps
  /** By rule, so that one that is written anew is another limit. */
  readonly #limits = new WeakMap<RateLimitRule, RuleLimit>()
  /** The clock of the machine less that of this thread: all threads agree on what time it is. */
  readonly #offset: number

  constructor(deps: RateLimitsDeps) {
    this.#deps = deps
    this.#offset = Number(process.hrtime.bigint() / 1000n) / 1000 - deps.clock.monotonic()
  }

  get any(): boolean {
    return !this.#deps.index().rateLimits.isEmpty
  }

  get audited(): boolean {
    return this.#deps.index().config.auditLogging
  }

  byRole(mount: Mount): boolean {
    return this.#deps.index().rateLimits.byRole(mount.uuid)
  }

  find({ namespace, path, mount, rest, role }: LimitedRequest): RateLimit | undefined {
    const index = this.#deps.index()
    const rule = index.rateLimits.find({ namespace, mountUuid: mount?.uuid, rest, role })
    if (rule === undefined || index.exempt.has(namespace, path)) return undefined
    let limit = this.#limits.get(rule)
    if (limit === undefined) {
      limit = new RuleLimit(rule, this.#deps, this.#offset)
      this.#limits.set(rule, limit)
    }
    return limit
  }
}

/** One rule, with what is computed once of it. */
class RuleLimit implements RateLimit {
  readonly byEntity: boolean
  readonly #deps: RateLimitsDeps
  readonly #key: HashKey
  readonly #violations: Counter
  readonly #primary: Limit
  readonly #secondary: Limit
  readonly #withoutAddress: boolean
  readonly #offset: number

  constructor(rule: RateLimitRule, deps: RateLimitsDeps, offset: number) {
    this.#deps = deps
    this.#offset = offset
    this.byEntity = rule.groupBy.startsWith('entity')
    this.#withoutAddress = rule.groupBy.endsWith('none')
    this.#key = deps.buckets.keyOf(rule.id)
    this.#violations = deps.metrics.counter('vault.quota.rate_limit.violation', { name: rule.name })
    this.#primary = limitOf(rule, rule.rate)
    this.#secondary = this.byEntity ? limitOf(rule, rule.secondaryRate) : this.#primary
  }

  take(remoteAddress: string, entityId: string): RateVerdict {
    const byEntity = this.byEntity && entityId !== ''
    const client = byEntity ? `entity ${entityId}` : this.#withoutAddress ? '' : remoteAddress
    const limit = byEntity ? this.#primary : this.#secondary
    const taken = this.#deps.buckets.take(this.#key, client, limit, this.#deps.clock.monotonic() + this.#offset)
    if (!taken.allowed) this.#violations.add()
    const { responseHeaders } = this.#deps.index().config
    return { allowed: taken.allowed, headers: responseHeaders ? headersOf(limit, taken) : NO_HEADERS }
  }
}

function limitOf({ interval, blockInterval }: RateLimitRule, rate: number): Limit {
  return {
    tokens: Math.min(Math.max(Math.round(rate), 1), MOST),
    interval: interval * 1000,
    block: blockInterval * 1000,
  }
}

/** As Vault says them; no client is told to come back after no time at all. */
function headersOf({ tokens }: Limit, { allowed, remaining, wait, blocked }: Taken): RateVerdict['headers'] {
  const seconds = String(Math.max(Math.ceil(wait / 1000), 1))
  if (blocked) return [['Retry-After', seconds]]
  const headers = [
    ['X-Ratelimit-Limit', String(tokens)],
    ['X-Ratelimit-Remaining', String(remaining)],
    ['X-Ratelimit-Reset', seconds],
  ] as const
  return allowed ? headers : [...headers, ['Retry-After', seconds]]
}
