/** Takes one credential back, and keeps count of what would not go. */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { CofferError } from '../errors/coffer-error.ts'
import type { LeaseCountPort } from '../request/quota-ports.ts'
import type { Store } from '../storage/store.ts'
import type { WriteView } from '../storage/view.ts'
import type { EngineLeases } from './engine-leases.ts'
import { leaseErrors } from './errors.ts'
import { countedOf, leaseRecords, type LeaseName, type LeaseRecord } from './lease-record.ts'

export interface RevokerDeps {
  readonly store: Store
  readonly engines: EngineLeases
  readonly clock: Clock
  readonly time: { now(): number }
  readonly log: Logger
  /** How many there may be; nothing is counted without it. */
  readonly counts?: LeaseCountPort
}

/** Attempts before a lease is reported as irrevocable. */
const ATTEMPTS = 6
/** Wait after the first failure; it doubles with each. */
const BACK_OFF = 10_000
/** An irrevocable lease is tried again this often, in case the world has changed. */
const RETRY_IRREVOCABLE = 86_400_000
/** An engine that has not answered by then has failed. */
const PATIENCE = 90_000

export class Revoker {
  readonly #deps: RevokerDeps

  constructor(deps: RevokerDeps) {
    this.#deps = deps
  }

  /** Rejects with the engine's failure; the lease is then as it was. A lease that is gone is a success. */
  async revoke(name: LeaseName): Promise<void> {
    const deadline = this.#deadline()
    try {
      const work = this.#deps.store.write((view) => this.#revokeIn(view, name, deadline.passed))
      await Promise.race([work, deadline.expired])
    } finally {
      deadline.cancel()
    }
  }

  /** Forgets the lease although its engine failed. */
  async drop(name: LeaseName): Promise<void> {
    await this.#deps.store.write(async (view) => {
      const lease = await leaseRecords.get(view, name.namespaceId, name.id)
      if (lease !== undefined && lease !== 'token') this.#remove(view, lease)
    })
  }

  /** Schedules the next attempt, or gives up and says so. */
  async failed(name: LeaseName, error: unknown): Promise<void> {
    const reason = reasonOf(error)
    const irrevocable = await this.#deps.store.write(async (view) => {
      const lease = await leaseRecords.get(view, name.namespaceId, name.id)
      if (lease === undefined || lease === 'token') return false
      const next = this.#afterFailure(lease, error, reason)
      leaseRecords.change(view, lease, next)
      return next.revokeError !== undefined
    })
    const fields = { lease_id: name.id, reason }
    if (irrevocable) this.#deps.log.error('lease is irrevocable; see sys/leases and sys/leases/revoke-force', fields)
    else this.#deps.log.warn('lease could not be revoked; it will be tried again', fields)
  }

  async #revokeIn(view: WriteView, name: LeaseName, passed: () => boolean): Promise<void> {
    const lease = await leaseRecords.get(view, name.namespaceId, name.id)
    if (lease === undefined || lease === 'token') return
    const engine = this.#deps.engines.find(lease.mountUuid, lease.type)
    if (engine === undefined) throw leaseErrors.ENGINE_GONE()
    const { definition, mount, limits, storage } = engine
    await definition.revoke({
      internal: lease.internal.value(),
      leaseId: lease.id,
      mount,
      limits,
      view: storage === '' ? view : view.sub(storage),
      clock: this.#deps.clock,
      log: this.#deps.log,
      issuedAt: lease.issuedAt,
    })
    if (passed()) throw leaseErrors.REVOKE_FAILED({ reason: 'the engine did not answer in time' })
    this.#remove(view, lease)
  }

  #remove(view: WriteView, lease: LeaseRecord): void {
    this.#deps.counts?.leave(view, countedOf(lease))
    leaseRecords.remove(view, lease)
  }

  #afterFailure(lease: LeaseRecord, error: unknown, reason: string): LeaseRecord {
    const now = this.#deps.time.now()
    const attempts = lease.attempts + 1
    // Without its engine no attempt will ever succeed.
    const hopeless = error instanceof CofferError && error.code === 'LEASE_ENGINE_GONE'
    if (attempts < ATTEMPTS && !hopeless) return { ...lease, attempts, dueAt: now + BACK_OFF * 2 ** lease.attempts }
    return {
      ...lease,
      attempts,
      dueAt: now + RETRY_IRREVOCABLE,
      revokeError: `${hopeless ? 'unrecoverable error' : 'out of retries'}: ${reason}`,
    }
  }

  #deadline() {
    let passed = false
    const { promise, reject } = Promise.withResolvers<never>()
    // The race may be decided already: nobody listens then.
    promise.catch(() => undefined)
    const timer = this.#deps.clock.timer(PATIENCE, () => {
      passed = true
      reject(leaseErrors.REVOKE_FAILED({ reason: 'the engine did not answer in time' }))
    })
    return { passed: () => passed, expired: promise, cancel: () => timer.cancel() }
  }
}

/** Only our own sentences are shown: a driver's error may carry credentials. */
function reasonOf(error: unknown): string {
  return error instanceof CofferError && error.message !== '' ? error.message : 'the engine failed'
}
