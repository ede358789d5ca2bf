/** All leases there are, by what decides which quota they count towards. Keys tell nearly all of it: hardly a value is read. */
import type { CountedLease, LeaseCensus } from '../request/quota-ports.ts'
import { withinHome } from '../request/namespace-home.ts'
import type { ReadView } from '../storage/view.ts'
import { isTokenRef, leaseKeys, refOf } from './lease-keys.ts'

const PAGE = 1000

/**
 * @param rootTokens keys of tokens that do not count.
 * @param homes folders of the namespaces that can be read; empty is that of all that have none.
 */
export function leaseCensus(
  rootTokens: (view: ReadView) => Promise<ReadonlySet<string>>,
  homes: () => readonly string[] = () => [''],
): LeaseCensus {
  return async function* census(view, needsRole) {
    const uncounted = await rootTokens(view)
    for (const home of homes()) {
      for (let after: string | undefined; ;) {
        const keys = await view.keys(leaseKeys.allIds(home), { limit: PAGE, ...(after === undefined ? {} : { after }) })
        const page: CountedLease[] = []
        for (const key of keys) {
          const lease = leaseAt(key)
          const ref = refOf(key)
          if (uncounted.has(ref)) continue
          const role = isTokenRef(ref) && needsRole(lease) ? await view.get(key) : undefined
          page.push({ ...lease, role: role === undefined ? '' : Buffer.from(role).toString() })
        }
        yield page
        if (keys.length < PAGE) break
        after = keys.at(-1)
      }
    }
  }
}

function leaseAt(storageKey: string): Omit<CountedLease, 'role'> {
  const key = withinHome(storageKey)
  const start = leaseKeys.allIds('').length
  const slash = key.indexOf('/', start)
  return { namespaceId: key.slice(start, slash), path: key.slice(slash + 1, key.lastIndexOf('/')) }
}
