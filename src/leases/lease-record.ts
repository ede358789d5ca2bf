/** How the lease of a secret stands in storage. A token's lease has only its place; its times are the token's. */
import { RawJson, stringify } from '../lib/json/index.ts'
import type { CountedLease } from '../request/quota-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { isTokenRef, leaseKeys, refOf } from './lease-keys.ts'

export interface LeaseRecord {
  readonly id: string
  readonly namespaceId: string
  /** The request's path. */
  readonly path: string
  /** The mount is found by its uuid, so a moved mount keeps its leases. */
  readonly mountUuid: string
  readonly mountAccessor: string
  /** Name of the engine's lease definition. */
  readonly type: string
  /** What the engine keeps with the lease. */
  readonly internal: RawJson
  /** Empty for an orphan batch token. */
  readonly tokenKey: string
  /** A batch token's lease never outlives the token. */
  readonly tokenEndsAt: number | undefined
  readonly issuedAt: number
  readonly expiresAt: number
  readonly renewedAt: number | undefined
  readonly renewable: boolean
  /** Where the lease stands in the expiry index. */
  readonly dueAt: number
  readonly attempts: number
  readonly revokeError: string | undefined
}

type Stored = Omit<LeaseRecord, 'id' | 'namespaceId' | 'internal'> & { readonly internal: string }

export function encodeLease(lease: LeaseRecord): Uint8Array {
  const { id: _id, namespaceId: _ns, internal, ...rest } = lease
  const stored: Stored = { ...rest, internal: internal.text }
  return Buffer.from(JSON.stringify(stored))
}

export function decodeLease(namespaceId: string, id: string, bytes: Uint8Array): LeaseRecord {
  // The barrier vouches that this is what encodeLease wrote.
  const stored: Stored = JSON.parse(Buffer.from(bytes).toString())
  return {
    ...stored,
    id,
    namespaceId,
    internal: new RawJson(stored.internal),
    tokenEndsAt: stored.tokenEndsAt,
    renewedAt: stored.renewedAt,
    revokeError: stored.revokeError,
  }
}

export const leaseRecords = {
  /** `'token'` for the lease of a token. */
  async get(view: ReadView, namespaceId: string, id: string): Promise<LeaseRecord | 'token' | undefined> {
    const bytes = await view.get(leaseKeys.id(namespaceId, id))
    if (bytes === undefined) return undefined
    return isTokenRef(refOf(id)) ? 'token' : decodeLease(namespaceId, id, bytes)
  },

  add(view: WriteView, lease: LeaseRecord): void {
    const ref = refOf(lease.id)
    view.put(leaseKeys.id(lease.namespaceId, lease.id), encodeLease(lease))
    view.put(leaseKeys.dueAt(lease.namespaceId, lease.dueAt, ref), dueValue(lease))
    if (lease.tokenKey !== '') view.put(leaseKeys.tokenLease(lease.tokenKey, ref), nameValue(lease))
  },

  /** Stores a changed lease and moves it in the expiry index. */
  change(view: WriteView, old: LeaseRecord, lease: LeaseRecord): void {
    const ref = refOf(old.id)
    view.put(leaseKeys.id(lease.namespaceId, lease.id), encodeLease(lease))
    if (old.dueAt !== lease.dueAt) view.delete(leaseKeys.dueAt(lease.namespaceId, old.dueAt, ref))
    view.put(leaseKeys.dueAt(lease.namespaceId, lease.dueAt, ref), dueValue(lease))
    if (old.revokeError === undefined && lease.revokeError !== undefined) {
      view.put(leaseKeys.irrevocable(lease.namespaceId, ref), nameValue(lease))
    }
  },

  remove(view: WriteView, lease: LeaseRecord): void {
    const ref = refOf(lease.id)
    view.delete(leaseKeys.id(lease.namespaceId, lease.id))
    view.delete(leaseKeys.dueAt(lease.namespaceId, lease.dueAt, ref))
    if (lease.tokenKey !== '') view.delete(leaseKeys.tokenLease(lease.tokenKey, ref))
    if (lease.revokeError !== undefined) view.delete(leaseKeys.irrevocable(lease.namespaceId, ref))
  },

  /** Under another id, and perhaps in another namespace: its mount was moved. */
  rename(view: WriteView, lease: LeaseRecord, id: string, path: string, namespaceId: string): void {
    leaseRecords.remove(view, lease)
    const renamed = { ...lease, id, path, namespaceId }
    leaseRecords.add(view, renamed)
    if (lease.revokeError !== undefined) view.put(leaseKeys.irrevocable(namespaceId, refOf(id)), nameValue(renamed))
  },
} as const

/** As what it counts towards quotas. */
export function countedOf({ namespaceId, path }: Pick<LeaseRecord, 'namespaceId' | 'path'>): CountedLease {
  return { namespaceId, path, role: '' }
}

/** Over at once, and the workers' next task. One that is retried already keeps its turn. */
export function dueNow(lease: LeaseRecord, now: number): LeaseRecord {
  const retried = lease.attempts > 0
  return {
    ...lease,
    expiresAt: Math.min(lease.expiresAt, now),
    dueAt: retried ? lease.dueAt : Math.min(lease.dueAt, now),
  }
}

/** Where to find a lease that an index names by its ref. */
export interface LeaseName {
  readonly namespaceId: string
  readonly id: string
}

function nameValue(lease: LeaseName): Uint8Array {
  return Buffer.from(JSON.stringify([lease.namespaceId, lease.id]))
}

function dueValue(lease: LeaseRecord): Uint8Array {
  return Buffer.from(JSON.stringify([lease.namespaceId, lease.id, lease.mountUuid]))
}

export function decodeName(bytes: Uint8Array): LeaseName & { readonly mountUuid: string } {
  // The barrier vouches that this is what nameValue or dueValue wrote.
  const [namespaceId, id, mountUuid = '']: [string, string, string?] = JSON.parse(Buffer.from(bytes).toString())
  return { namespaceId, id, mountUuid }
}

export function internalOf(value: Parameters<typeof stringify>[0]): RawJson {
  return new RawJson(stringify(value))
}
