/** Prolongs a secret's lease, within what its engine, its mount and its token allow now. */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { grantTtl } from '../lib/ttl.ts'
import type { RenewedLease } from '../request/lease-ports.ts'
import type { WriteView } from '../storage/view.ts'
import type { EngineLeases } from './engine-leases.ts'
import { leaseErrors } from './errors.ts'
import { leaseRecords, type LeaseRecord } from './lease-record.ts'

export interface RenewLeaseDeps {
  readonly engines: EngineLeases
  readonly clock: Clock
  readonly time: { now(): number }
  readonly log: Logger
}

/** Rejects where the lease may not be renewed, over or not. */
export function assertRenewable(lease: LeaseRecord, now: number): void {
  if (lease.revokeError !== undefined) throw leaseErrors.IRREVOCABLE()
  if (lease.expiresAt <= now) throw leaseErrors.EXPIRED()
  if (!lease.renewable) throw leaseErrors.NOT_RENEWABLE()
}

export async function renewLease(
  view: WriteView,
  lease: LeaseRecord,
  increment: number,
  deps: RenewLeaseDeps,
): Promise<RenewedLease> {
  const now = deps.time.now()
  assertRenewable(lease, now)
  const engine = deps.engines.find(lease.mountUuid, lease.type)
  if (engine === undefined) throw leaseErrors.NOT_FOUND()
  const { definition, mount, limits, storage } = engine
  const says = await definition.renew({
    internal: lease.internal.value(),
    leaseId: lease.id,
    mount,
    limits,
    view: storage === '' ? view : view.sub(storage),
    clock: deps.clock,
    log: deps.log,
    issuedAt: lease.issuedAt,
    increment,
  })
  const granted = grantTtl({ ...says, increment, issuedAt: lease.issuedAt }, limits, now)
  if (granted === undefined) throw leaseErrors.PAST_MAX_TTL()
  const expiresAt = Math.min(granted.expiresAt, lease.tokenEndsAt ?? Infinity)
  if (expiresAt <= now) throw leaseErrors.EXPIRED()
  leaseRecords.change(view, lease, { ...lease, expiresAt, dueAt: expiresAt, renewedAt: now })
  const leaseDuration = Math.min(granted.ttl, Math.ceil((expiresAt - now) / 1000))
  return { leaseId: lease.id, leaseDuration, renewable: lease.renewable, warnings: granted.warnings }
}
