/** The mounts in memory. */
import type { Clock } from '../lib/clock.ts'
import type { Mount } from '../request/mount.ts'
import type { Store } from '../storage/store.ts'
import { CurrentRows } from '../storage/current-rows.ts'
import { MountIndex } from './mount-index.ts'
import { fromRecord, mountRecords } from './mount-record.ts'

export type CurrentMounts = CurrentRows<Mount, MountIndex>

/** `changed` is told of each mount that comes, changes or goes. */
export function currentMounts(store: Store, clock: Clock, changed: (uuid: string) => void): CurrentMounts {
  return new CurrentRows<Mount, MountIndex>(
    store,
    clock,
    {
      prefix: mountRecords.key({ uuid: '' }),
      keyOf: ({ uuid }) => uuid,
      keys: (view) => mountRecords.list(view),
      get: async (view, uuid) => {
        const record = await mountRecords.get(view, { uuid })
        return record && fromRecord(record)
      },
      index: (mounts) => new MountIndex(mounts),
    },
    changed,
  )
}
