/** All leases there are, by what decides which quota they count towards. Keys tell nearly all of it: hardly a value is read. */
import type { CountedLease, LeaseCensus } from '../request/quota-ports.ts'
import type { ReadView } from '../storage/view.ts'
import { isTokenRef, leaseKeys, refOf } from './lease-keys.ts'

export interface CensusDeps {
  /** Folders of the namespaces whose leases can be read; empty is that of all that have none. */
  homes(): readonly string[]
  /** Keys of tokens that do not count. */
  rootTokens(view: ReadView, home: string): Promise<ReadonlySet<string>>
}

const PAGE = 1000

/** Leases of a namespace that is sealed are not there until it is opened. */
export function leaseCensus({ homes, rootTokens }: CensusDeps): LeaseCensus {
  return async function* census(view, needsRole) {
    for (const home of homes()) yield* censusOf(home, view, needsRole, await rootTokens(view, home))
  }
}

async function* censusOf(
  home: string,
  view: ReadView,
  needsRole: Parameters<LeaseCensus>[1],
  uncounted: ReadonlySet<string>,
): ReturnType<LeaseCensus> {
  const prefix = leaseKeys.allIds(home)
  for (let after: string | undefined; ;) {
    const keys = await view.keys(prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    const page: CountedLease[] = []
    for (const key of keys) {
      const lease = leaseAt(key.slice(prefix.length))
      const ref = refOf(key)
      if (uncounted.has(ref)) continue
      const role = isTokenRef(ref) && needsRole(lease) ? await view.get(key) : undefined
      page.push({ ...lease, role: role === undefined ? '' : Buffer.from(role).toString() })
    }
    yield page
    if (keys.length < PAGE) return
    after = keys.at(-1)
  }
}

/** @param name a lease's id behind the id of its namespace. */
function leaseAt(name: string): Omit<CountedLease, 'role'> {
  const slash = name.indexOf('/')
  return { namespaceId: name.slice(0, slash), path: name.slice(slash + 1, name.lastIndexOf('/')) }
}
