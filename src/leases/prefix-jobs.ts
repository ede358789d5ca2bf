/** Revoking everything below a path, however much it is: entered in storage first, so that a restart goes on with it. */
import { setImmediate } from 'node:timers/promises'
import { uuid } from '../lib/secure/random.ts'
import type { TokenExpiry } from '../request/token-ports.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { leaseKeys, refOf } from './lease-keys.ts'
import { dueNow, leaseRecords } from './lease-record.ts'
import type { Revoker } from './revoker.ts'

export interface PrefixJob {
  readonly namespaceId: string
  /** Ends with `/`, or is empty for the whole namespace. */
  readonly prefix: string
  readonly mode: 'queue' | 'force'
}

export interface PrefixDeps {
  readonly store: Store
  readonly tokens: TokenExpiry
  readonly revoker: Revoker
  readonly time: { now(): number }
  readonly stopped: () => boolean
}

const PAGE = 200

/** Ids below a prefix, page by page, while `visit` may remove them. Each visit is told its page's ids. */
export async function eachLease(
  deps: Pick<PrefixDeps, 'store' | 'stopped'>,
  job: Pick<PrefixJob, 'namespaceId' | 'prefix'>,
  visit: (ids: readonly string[]) => Promise<void>,
): Promise<void> {
  const scope = leaseKeys.ids(job.namespaceId)
  for (let after: string | undefined; !deps.stopped();) {
    const page = { limit: PAGE, ...(after === undefined ? {} : { after }) }
    const keys = await deps.store.read((view) => view.keys(scope + job.prefix, page))
    if (keys.length > 0) await visit(keys.map((key) => key.slice(scope.length)))
    if (keys.length < PAGE) return
    after = keys.at(-1)
    await setImmediate()
  }
}

export function enterJob(view: WriteView, job: PrefixJob): string {
  const id = uuid()
  view.put(leaseKeys.prefixJob(id), Buffer.from(JSON.stringify([job.namespaceId, job.prefix, job.mode])))
  return id
}

export async function pendingJobs(view: ReadView): Promise<readonly string[]> {
  const keys = await view.keys(leaseKeys.prefixJobs)
  return keys.map((key) => key.slice(leaseKeys.prefixJobs.length))
}

export async function runJob(id: string, deps: PrefixDeps): Promise<void> {
  const bytes = await deps.store.read((view) => view.get(leaseKeys.prefixJob(id)))
  if (bytes === undefined) return
  const job = decodeJob(bytes)
  if (job.mode === 'queue')
    await eachLease(deps, job, (ids) => deps.store.write((view) => makeDue(view, job.namespaceId, ids, deps)))
  else await revokeNow(job, deps, true)
  if (!deps.stopped()) await deps.store.write((view) => view.delete(leaseKeys.prefixJob(id)))
}

/** One after the other; with `force` what fails is dropped, else the first failure ends it. */
export async function revokeNow(
  job: Pick<PrefixJob, 'namespaceId' | 'prefix'>,
  deps: PrefixDeps,
  force: boolean,
): Promise<void> {
  await eachLease(deps, job, async (ids) => {
    for (const id of ids) await revokeOne(job.namespaceId, id, deps, force)
  })
}

export async function revokeOne(namespaceId: string, id: string, deps: PrefixDeps, force: boolean): Promise<void> {
  const lease = await deps.store.read((view) => leaseRecords.get(view, namespaceId, id))
  if (lease === undefined) return
  if (lease === 'token') {
    const key = refOf(id)
    await deps.store.write((view) => deps.tokens.revoke(view, key))
    await deps.tokens.cleanUp(key)
    return
  }
  try {
    await deps.revoker.revoke(lease)
  } catch (error) {
    if (!force) throw error
    await deps.revoker.drop(lease)
  }
}

/** Tokens are refused and leases over once this is committed. */
export async function makeDue(
  view: WriteView,
  namespaceId: string,
  ids: readonly string[],
  deps: Pick<PrefixDeps, 'tokens' | 'time'>,
): Promise<void> {
  const now = deps.time.now()
  for (const id of ids) {
    const lease = await leaseRecords.get(view, namespaceId, id)
    if (lease === 'token') await deps.tokens.revoke(view, refOf(id))
    else if (lease !== undefined && lease.dueAt > now && lease.attempts === 0)
      leaseRecords.change(view, lease, dueNow(lease, now))
  }
}

function decodeJob(bytes: Uint8Array): PrefixJob {
  // The barrier vouches that this is what enterJob wrote.
  const [namespaceId, prefix, mode]: [string, string, PrefixJob['mode']] = JSON.parse(Buffer.from(bytes).toString())
  return { namespaceId, prefix, mode }
}
