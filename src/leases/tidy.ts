/** `sys/leases/tidy`: leases whose token is gone are revoked; places of tokens that are gone are removed. */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from '../lib/observe/index.ts'
import type { LeaseCountPort } from '../request/quota-ports.ts'
import type { TokenExpiry } from '../request/token-ports.ts'
import type { Store } from '../storage/store.ts'
import type { WriteView } from '../storage/view.ts'
import { leaseKeys, refOf } from './lease-keys.ts'
import { dueNow, leaseRecords } from './lease-record.ts'

export interface TidyLeasesDeps {
  readonly store: Store
  readonly tokens: TokenExpiry
  readonly time: { now(): number }
  readonly log: Logger
  /** Folders of the namespaces that are looked through; empty is that of all that have none. */
  readonly homes: readonly string[]
  /** How many there may be; nothing is counted without it. */
  readonly counts?: LeaseCountPort
  readonly stopped: () => boolean
}

const PAGE = 200

export async function tidyLeases(deps: TidyLeasesDeps): Promise<void> {
  const counts = { leases: 0, revoked: 0, removed: 0 }
  deps.log.info('tidying leases')
  for (const home of deps.homes) await tidyHome(leaseKeys.allIds(home), counts, deps)
  deps.log.info('leases are tidy', counts)
}

interface Counts {
  leases: number
  revoked: number
  removed: number
}

async function tidyHome(prefix: string, counts: Counts, deps: TidyLeasesDeps): Promise<void> {
  for (let after: string | undefined; !deps.stopped(); await setImmediate()) {
    const page = { limit: PAGE, ...(after === undefined ? {} : { after }) }
    const keys = await deps.store.read((view) => view.keys(prefix, page))
    const names = keys.map((key) => key.slice(prefix.length))
    const found = await deps.store.write((view) => tidyPage(view, names, deps))
    counts.leases += keys.length
    counts.revoked += found.revoked
    counts.removed += found.removed
    if (keys.length < PAGE) break
    after = keys.at(-1)
  }
}

/** @param names ids of leases behind the ids of their namespaces. */
async function tidyPage(view: WriteView, names: readonly string[], deps: TidyLeasesDeps) {
  const found = { revoked: 0, removed: 0 }
  const now = deps.time.now()
  for (const name of names) {
    const slash = name.indexOf('/')
    const [namespaceId, id] = [name.slice(0, slash), name.slice(slash + 1)]
    const lease = await leaseRecords.get(view, namespaceId, id)
    if (lease === undefined) continue
    const tokenKey = lease === 'token' ? refOf(id) : lease.tokenKey
    if (tokenKey === '' || (await deps.tokens.stored(view, tokenKey))) continue
    if (lease === 'token') {
      const key = leaseKeys.id(namespaceId, id)
      const role = Buffer.from((await view.get(key)) ?? '').toString()
      deps.counts?.leave(view, { namespaceId, path: id.slice(0, id.lastIndexOf('/')), role })
      view.delete(key)
      found.removed++
    } else if (lease.dueAt > now && lease.attempts === 0) {
      leaseRecords.change(view, lease, dueNow(lease, now))
      found.revoked++
    }
  }
  return found
}
