/** What other rooms need of the lease store. Lease ids are looked up inside a namespace only. Views are those of the whole storage. */
import type { Page, ReadView, WriteView } from '../storage/view.ts'
import type { Namespace } from './request.ts'

/** Times are wall clock, ms. */
export interface LeaseInfo {
  readonly id: string
  readonly path: string
  readonly issuedAt: number
  /** Undefined for a root token that never expires. */
  readonly expiresAt: number | undefined
  readonly renewedAt: number | undefined
  readonly renewable: boolean
  /** Why it could not be revoked, once no more attempts are made. */
  readonly revokeError: string | undefined
}

export interface RenewedLease {
  readonly leaseId: string
  /** Seconds. */
  readonly leaseDuration: number
  readonly renewable: boolean
  readonly warnings: readonly string[]
}

export interface IrrevocableLease {
  readonly leaseId: string
  readonly mountAccessor: string
  readonly error: string
  readonly expiresAt: number
}

/**
 * `queue`: due at once, revoked by the workers. `sync`: revoked before the promise resolves; rejects with the first failure.
 * `force`: like `sync`, but a lease whose engine fails is dropped all the same.
 */
export type RevokeMode = 'queue' | 'sync' | 'force'

export interface LeasesPort {
  lookup(view: ReadView, namespace: Namespace, leaseId: string): Promise<LeaseInfo | undefined>
  /** Names directly below `prefix`, which is empty or ends with `/`. */
  list(view: ReadView, namespace: Namespace, prefix: string, page?: Page): Promise<readonly string[]>
  /** Rejects with `LEASE_NOT_FOUND`, `LEASE_EXPIRED`, `LEASE_NOT_RENEWABLE`, `LEASE_IRREVOCABLE`, `LEASE_IS_TOKEN`. */
  renew(view: WriteView, namespace: Namespace, leaseId: string, increment: number): Promise<RenewedLease>
  /** Due now, in the caller's transaction. A lease that is not there is revoked already. */
  revoke(view: WriteView, namespace: Namespace, leaseId: string): Promise<void>
  /** In transactions of its own. Rejects with the engine's failure. */
  revokeNow(namespace: Namespace, leaseId: string): Promise<void>
  /**
   * Every lease whose id starts with `prefix` (completed with `/`), secrets and tokens, in transactions of its own. What is left
   * when the server stops is done after the next start.
   */
  revokePrefix(namespace: Namespace, prefix: string, mode: RevokeMode): Promise<void>
  /** The same, entered in the caller's transaction and done afterwards: for a mount that goes away. */
  queuePrefix(view: WriteView, namespace: Namespace, prefix: string, mode: 'queue' | 'force'): void
  /** Whether a lease is left below a prefix. */
  anyBelow(view: ReadView, namespace: Namespace, prefix: string): Promise<boolean>
  /**
   * Renames the leases of a mount that moved from one path to another (both end with `/`), resumably: call again until it resolves. Those of
   * secrets may go `into` another namespace; a token stays in its own.
   */
  movePrefix(namespace: Namespace, from: string, to: string, into?: Namespace): Promise<void>
  irrevocable(view: ReadView, namespace: Namespace): Promise<readonly IrrevocableLease[]>
  /** Starts in the background; false if one runs already. */
  startTidy(): boolean
}
