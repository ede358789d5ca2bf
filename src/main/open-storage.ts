/** Each kind of storage, once: from what the configuration says of it to a driver. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Driver } from '../storage/driver.ts'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import type { Settings } from './settings.ts'

type Storage = Settings['storage']

const OPENERS: { readonly [T in Storage['type']]: (storage: Extract<Storage, { type: T }>) => Awaitable<Driver> } = {
  lmdb: ({ path }) => new LmdbDriver({ path }),
  inmem: () => new MemoryDriver(),
}

/** Throws `STORAGE_IN_USE` or `STORAGE_CANNOT_OPEN`. */
export function openStorage(storage: Storage): Awaitable<Driver> {
  // The table has the opener of each type under its name.
  const open = OPENERS[storage.type] as (storage: Storage) => Awaitable<Driver>
  return open(storage)
}
