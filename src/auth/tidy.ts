/** `auth/token/tidy`: looks through the whole store for what an older fault may have left, and removes it. */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from '../lib/observe/index.ts'
import { homeOfTokenKey } from '../request/namespace-home.ts'
import type { Store } from '../storage/store.ts'
import type { WriteView } from '../storage/view.ts'
import { decodeAccessor, type TokenRecords } from './records.ts'
import { cleanUpTree, revokeToken } from './revoke-tree.ts'
import { isRoot, mayLiveForEver, type TokenEntry } from './token-entry.ts'
import { keyOfId, tokenKeys } from './token-keys.ts'

const PAGE = 200
/** A clean-up that did not come to its end in this time is taken up again. */
const STUCK_AFTER = 3_600_000

export interface TidyDeps {
  readonly store: Store
  readonly records: TokenRecords
  readonly clock: { now(): number }
  readonly log: Logger
  /** Folders of the namespaces that are looked through; empty is that of all that have none. */
  homes(): readonly string[]
  readonly stopped: () => boolean
}

export async function tidyTokens(deps: TidyDeps): Promise<void> {
  const counts = { tokens: 0, revoked: 0, accessors: 0, links: 0 }
  deps.log.info('tidying tokens')
  for (const home of deps.homes()) {
    await eachPage(deps, tokenKeys.ids(home), async (keys) => {
      counts.tokens += keys.length
      for (const key of keys) if (await tidyToken(deps, keyOfId(key) ?? '')) counts.revoked++
    })
    await eachPage(deps, tokenKeys.allAccessors(home), (keys) =>
      deps.store.write((view) => tidyAccessors(view, keys, deps, counts)),
    )
    const parents = tokenKeys.parents(home)
    await eachPage(deps, parents, (keys) =>
      deps.store.write((view) =>
        tidyLinks(
          view,
          keys.map((key) => key.slice(parents.length)),
          home,
          deps,
          counts,
        ),
      ),
    )
  }
  deps.log.info('tokens are tidy', counts)
}

async function eachPage(
  deps: TidyDeps,
  prefix: string,
  visit: (keys: readonly string[]) => Promise<void>,
): Promise<void> {
  for (let after: string | undefined; !deps.stopped();) {
    const page = { limit: PAGE, ...(after === undefined ? {} : { after }) }
    const keys = await deps.store.read((view) => view.keys(prefix, page))
    if (keys.length > 0) await visit(keys)
    if (keys.length < PAGE) return
    after = keys.at(-1)
    await setImmediate()
  }
}

async function tidyToken(deps: TidyDeps, key: string): Promise<boolean> {
  const { store, records, clock } = deps
  const bad = await store.read(async (view) => {
    const entry = await records.get(view, key)
    if (entry === undefined) return false
    if (entry.state !== 'live' || entry.numUses < 0) return (entry.dueAt ?? 0) < clock.now() - STUCK_AFTER
    if (isEndless(entry)) return true
    if (entry.parent === '') return false
    const parent = await records.get(view, entry.parent)
    return parent === undefined || parent.state === 'revoked'
  })
  if (!bad) {
    await indexRoot(deps, key)
    return false
  }
  await store.write((view) => revokeToken(view, key, 'revoked', deps))
  await cleanUpTree(store, key, deps)
  return true
}

/** A root token of a time before there was an index of them gets its place in it. */
async function indexRoot({ store, records }: TidyDeps, key: string): Promise<void> {
  const missing = await store.read(async (view) => {
    const entry = await records.get(view, key)
    return entry !== undefined && isRoot(entry) && (await view.get(tokenKeys.root(key))) === undefined
  })
  if (!missing) return
  await store.write(async (view) => {
    if ((await records.get(view, key)) !== undefined) view.put(tokenKeys.root(key), new Uint8Array(0))
  })
}

function isEndless(entry: TokenEntry): boolean {
  return entry.expiresAt === undefined && !mayLiveForEver(entry.policies)
}

async function tidyAccessors(
  view: WriteView,
  keys: readonly string[],
  deps: TidyDeps,
  counts: { accessors: number },
): Promise<void> {
  let removed = 0
  for (const storageKey of keys) {
    const bytes = await view.get(storageKey)
    if (bytes === undefined || (await deps.records.get(view, decodeAccessor(bytes).key)) !== undefined) continue
    view.delete(storageKey)
    removed++
  }
  counts.accessors += removed
}

async function tidyLinks(
  view: WriteView,
  links: readonly string[],
  home: string,
  deps: TidyDeps,
  counts: { links: number },
): Promise<void> {
  let removed = 0
  for (const link of links) {
    const [parent = '', child = ''] = link.split('/')
    // Of a child in a namespace that is sealed nothing is known.
    if (homeOfTokenKey(child) !== home && !deps.homes().includes(homeOfTokenKey(child))) continue
    const entry = await deps.records.get(view, child)
    if (entry?.parent === parent) continue
    view.delete(tokenKeys.child(parent, child))
    removed++
  }
  counts.links += removed
}
