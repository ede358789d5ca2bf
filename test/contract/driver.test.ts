import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CachingDriver } from '../../src/storage/caching-driver.ts'
import { openDatabase, writeTogether } from '../../src/storage/drivers/lmdb-environment.ts'
import { putHalf } from '../../src/storage/drivers/lmdb-halves.ts'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { MemoryDriver } from '../../src/storage/drivers/memory.ts'
import { driverContract } from './driver.ts'

driverContract('memory', async () => ({
  persistent: false,
  open: async () => new MemoryDriver({ maxValueBytes: 1 << 20 }),
  dispose: async () => {},
}))

// So few that some are always on their way out.
driverContract('memory behind a cache', async () => ({
  persistent: false,
  open: async () => new CachingDriver(new MemoryDriver({ maxValueBytes: 1 << 20 }), { entries: 3, bytes: 1 << 20 }),
  dispose: async () => {},
}))

for (const half of [0, 1] as const) {
  driverContract(`lmdb, half ${half}`, async () => {
    const path = await mkdtemp(join(tmpdir(), 'coffer-lmdb-'))
    if (half === 1) {
      // As after a replacement.
      const db = openDatabase(path, 1 << 24)
      await writeTogether(db, () => putHalf(db, half))
      await db.close()
    }
    return {
      persistent: true,
      open: async () => new LmdbDriver({ path, mapSize: 1 << 24, maxValueBytes: 1 << 20 }),
      dispose: () => rm(path, { recursive: true }),
    }
  })
}
