/** The mounts in memory. */
import type { Clock } from '../lib/clock.ts'
import type { Mount } from '../request/mount.ts'
import { homeCalled, homeNameIn, withinHome } from '../request/namespace-home.ts'
import type { Store } from '../storage/store.ts'
import { CurrentRows } from '../storage/current-rows.ts'
import { MountIndex } from './mount-index.ts'
import { fromRecord, mountKey, mountRecords } from './mount-record.ts'

export type CurrentMounts = CurrentRows<Mount, MountIndex>

const FOLDER = mountRecords.key({ uuid: '' })

/**
 * @param homes those that can be read; empty is that of all namespaces that have none.
 * @param changed is told of each mount that comes, changes or goes.
 */
export function currentMounts(
  store: Store,
  clock: Clock,
  homes: () => readonly string[],
  changed: (uuid: string) => void,
): CurrentMounts {
  return new CurrentRows<Mount, MountIndex>(
    store,
    clock,
    {
      keyIn: (key) => (withinHome(key).startsWith(FOLDER) ? key : undefined),
      keyOf: mountKey,
      keys: async (view) => {
        const keys: string[] = []
        for (const home of homes()) {
          const names = await view.list(home + FOLDER)
          for (const name of names) keys.push(home + FOLDER + name)
        }
        return keys
      },
      get: async (view, key) => {
        const home = homeCalled(homeNameIn(key))
        const record = await mountRecords.get(home === '' ? view : view.sub(home), { uuid: uuidIn(key) })
        return record && fromRecord(record)
      },
      index: (mounts) => new MountIndex(mounts),
    },
    (key) => changed(uuidIn(key)),
  )
}

function uuidIn(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
