/** When each version first ran on this vault (`sys/version-history`). */
import { collection, f } from '../framework/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView } from '../storage/view.ts'

const records = collection('core/versions/{version}', { previous: f.string(), installed: f.int(), build: f.string() })

export interface VersionEntry {
  readonly version: string
  readonly previousVersion: string | undefined
  readonly installedAt: string
  readonly buildDate: string
}

/** Notes that this version became active, if it is the first time. `first` runs before that where another version ran here earlier. */
export async function noteVersion(
  store: Store,
  clock: Clock,
  version: string,
  buildDate: string,
  first: (previous: string) => Promise<void> = async () => undefined,
): Promise<void> {
  const earlier = await store.read((view) => versionHistory(view))
  const last = earlier.at(-1)?.version
  if (last !== undefined && earlier.every((one) => one.version !== version)) await first(last)
  await store.write(async (view) => {
    if ((await records.get(view, { version })) !== undefined) return
    const previous = (await versionHistory(view)).at(-1)?.version ?? ''
    records.put(view, { version }, { previous, installed: clock.now(), build: buildDate })
  })
}

/** Oldest first. */
export async function versionHistory(view: ReadView): Promise<readonly VersionEntry[]> {
  const found: { readonly at: number; readonly entry: VersionEntry }[] = []
  for (const version of await records.list(view)) {
    const record = await records.get(view, { version })
    if (record === undefined) continue
    const previousVersion = record.previous === '' ? undefined : record.previous
    const entry = {
      version,
      previousVersion,
      installedAt: new Date(record.installed).toISOString(),
      buildDate: record.build,
    }
    found.push({ at: record.installed, entry })
  }
  return found.toSorted((a, b) => a.at - b.at).map(({ entry }) => entry)
}
