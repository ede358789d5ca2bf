/** Prolongs a token, within what its role or method and the mount allow now. */
import type { Awaitable } from '../lib/awaitable.ts'
import { grantTtl, type TtlLimits } from '../lib/ttl.ts'
import type { MethodRenewal, Renewed, RenewalRule, TokenDetails, TokenLeases } from '../request/token-ports.ts'
import type { WriteView } from '../storage/view.ts'
import { tokenErrors } from './errors.ts'
import { placeOf, type TokenRecords } from './records.ts'
import { detailsOf, type TokenEntry } from './token-entry.ts'

export interface RenewDeps {
  readonly records: TokenRecords
  readonly leases: TokenLeases
  readonly clock: { now(): number }
  readonly renewals: MethodRenewal | undefined
  /** Limits of the mount with this uuid, or the system's where it is gone. */
  limitsOf(mountUuid: string): TtlLimits
  /** The groups that the method says the entity is in now. */
  refreshGroups(view: WriteView, entityId: string, mountUuid: string, aliases: readonly string[]): Promise<void>
}

export async function renewToken(
  view: WriteView,
  key: string,
  increment: number,
  ruleOf: (token: TokenDetails) => Awaitable<RenewalRule>,
  deps: RenewDeps,
): Promise<Renewed> {
  const now = deps.clock.now()
  const entry = await deps.records.get(view, key)
  if (entry === undefined || entry.state !== 'live') throw tokenErrors.EXPIRED()
  if (entry.expiresAt === undefined) throw tokenErrors.NOT_RENEWABLE()
  if (entry.expiresAt <= now) throw tokenErrors.EXPIRED()
  if (!entry.renewable) throw tokenErrors.NOT_RENEWABLE()
  const rule = entry.login === undefined ? await ruleOf(detailsOf(entry)) : await loginRule(view, entry, deps)
  const granted = grantTtl({ ttl: entry.leaseTtl, ...rule, increment, issuedAt: entry.issuedAt }, rule.limits, now)
  if (granted === undefined) throw tokenErrors.PAST_MAX_TTL()
  const { ttl, expiresAt, warnings } = granted
  deps.leases.reschedule(view, entry, placeOf(entry), expiresAt)
  const renewed: TokenEntry = { ...entry, leaseTtl: ttl, expiresAt, dueAt: undefined, renewedAt: now }
  deps.records.put(view, renewed)
  return { token: detailsOf(renewed), ttl, warnings }
}

async function loginRule(view: WriteView, entry: TokenEntry, deps: RenewDeps): Promise<RenewalRule> {
  const login = entry.login
  if (login === undefined) throw new Error('not the token of a log-in')
  const says = await deps.renewals?.renew(view, login.mount, detailsOf(entry), login.internal)
  if (says?.groupAliases !== undefined && entry.entityId !== '')
    await deps.refreshGroups(view, entry.entityId, login.mount, says.groupAliases)
  return {
    ttl: says?.ttl ?? login.ttl,
    maxTtl: says?.maxTtl ?? login.maxTtl,
    period: says?.period ?? entry.period,
    explicitMaxTtl: entry.explicitMaxTtl,
    limits: deps.limitsOf(login.mount),
  }
}
