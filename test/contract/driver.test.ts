import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { MemoryDriver } from '../../src/storage/drivers/memory.ts'
import { driverContract } from './driver.ts'

driverContract('memory', async () => ({
  persistent: false,
  open: async () => new MemoryDriver({ maxValueBytes: 1 << 20 }),
  dispose: async () => {},
}))

driverContract('lmdb', async () => {
  const path = await mkdtemp(join(tmpdir(), 'coffer-lmdb-'))
  return {
    persistent: true,
    open: async () => new LmdbDriver({ path, mapSize: 1 << 24, maxValueBytes: 1 << 20 }),
    dispose: () => rm(path, { recursive: true }),
  }
})
