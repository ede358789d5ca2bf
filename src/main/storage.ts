/** From the storage stanza to a driver: for the node itself, and for its threads, which only read. */
import type { Clock } from '../lib/clock.ts'
import type { Driver, Sequence } from '../storage/driver.ts'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { LmdbFollower } from '../storage/drivers/lmdb-follower.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import type { Settings } from './settings.ts'

/** What a thread opens. Memory is one thread's own. */
export type ThreadStorage = Exclude<Settings['storage'], { readonly type: 'inmem' }>

/** Bytes of one entry. */
const MAX_VALUE_BYTES = 64 * 1024 * 1024

/** @param followed whether threads read it, too. */
export async function openDriver(storage: Settings['storage'], followed: boolean): Promise<Driver> {
  switch (storage.type) {
    case 'lmdb':
      return new LmdbDriver({ path: storage.path, maxValueBytes: MAX_VALUE_BYTES, followed })
    case 'inmem':
      return new MemoryDriver()
  }
}

export async function openFollower(storage: ThreadStorage, clock: Clock, announced: () => Sequence): Promise<Driver> {
  return new LmdbFollower({ path: storage.path, maxValueBytes: MAX_VALUE_BYTES, announced, clock })
}
