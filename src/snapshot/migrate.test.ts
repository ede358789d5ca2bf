import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { storageErrors } from '../errors/storage.ts'
import type { Driver, ReadSet, Sequence, WriteSet } from '../storage/driver.ts'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { PassingDriver } from '../storage/passing-driver.ts'
import { assertNotMigrating, migrate, resetMigration, type MigrationParts } from './migrate.ts'

const NO_READS: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
const LAST = new Set(['core/seal-config', 'core/keyring'])

async function filled(entries = 500): Promise<MemoryDriver> {
  const driver = new MemoryDriver()
  const all = new Map<string, Uint8Array>([
    ['core/seal-config', randomBytes(40)],
    ['core/keyring', randomBytes(40)],
    ['é/𝄞', new Uint8Array(0)],
  ])
  for (let i = 0; i < entries; i++) all.set(`logical/${i}`, randomBytes(i * 7))
  await driver.commit(NO_READS, all)
  return driver
}

async function contentOf(driver: Driver): Promise<readonly string[]> {
  const snapshot = await driver.snapshot()
  const entries = await snapshot.entries({ prefix: '' })
  snapshot.close()
  return entries.map(([key, value]) => `${key} ${Buffer.from(value).toString('hex')}`)
}

function partsOf(source: Driver, destination: Driver, more: Partial<MigrationParts> = {}): MigrationParts {
  const signal = new AbortController().signal
  return { source, destination, last: LAST, start: '', signal, progress: () => undefined, ...more }
}

/** The k-th commit fails, as if the disk were full or the process killed. */
class Failing extends PassingDriver {
  left: number
  constructor(inner: Driver, left: number) {
    super(inner)
    this.left = left
  }
  override async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    if (--this.left < 0) throw storageErrors.FULL()
    return this.inner.commit(reads, writes)
  }
}

test('there and back, through another kind of storage', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-migrate-'))
  const source = await filled()
  const lmdb = new LmdbDriver({ path: folder })
  const back = new MemoryDriver()
  try {
    const there = await migrate(partsOf(source, lmdb))
    assert.equal(there.entries, 503)
    assert.equal(there.resumed, false)
    assert.deepEqual(await contentOf(lmdb), await contentOf(source))
    assert.equal((await migrate(partsOf(lmdb, back))).hash, there.hash)
    assert.deepEqual(await contentOf(back), await contentOf(source))
  } finally {
    await lmdb.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('interrupted after any commit it goes on, and until then there is no vault', async () => {
  const source = await filled(300)
  const whole = await contentOf(source)
  let failures = 0
  for (let commits = 0; ; commits++) {
    const destination = new MemoryDriver()
    const failing = new Failing(destination, commits)
    try {
      await migrate(partsOf(source, failing))
      assert.deepEqual(await contentOf(destination), whole)
      break
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'STORAGE_FULL')
    }
    failures++
    const half = await contentOf(destination)
    assert.ok(half.every((line) => !line.startsWith('core/')))
    if (commits > 0) await assert.rejects(assertNotMigrating(destination), { code: 'MIGRATE_UNFINISHED' })
    const { resumed } = await migrate(partsOf(source, destination))
    assert.equal(resumed, commits > 0)
    assert.deepEqual(await contentOf(destination), whole)
    await assertNotMigrating(destination)
  }
  assert.ok(failures > 5, `only ${failures} places to fail at`)
})

test('it stops when it is told to', async () => {
  const source = await filled()
  const destination = new MemoryDriver()
  const stop = new AbortController()
  const told: number[] = []
  const progress: MigrationParts['progress'] = ({ entries }) => {
    told.push(entries)
    if (told.length === 3) stop.abort()
  }
  await assert.rejects(migrate(partsOf(source, destination, { signal: stop.signal, progress })), {
    code: 'MIGRATE_STOPPED',
  })
  assert.equal(told.length, 3)
  assert.equal((await migrate(partsOf(source, destination))).resumed, true)
  assert.deepEqual(await contentOf(destination), await contentOf(source))
})

test('what is refused: a destination that holds something, an empty source, a source that changed', async () => {
  const source = await filled(50)
  const full = await filled(1)
  const before = await contentOf(full)
  await assert.rejects(migrate(partsOf(source, full)), { code: 'MIGRATE_NOT_EMPTY' })
  assert.equal(await resetMigration(full, new AbortController().signal), false)
  assert.deepEqual(await contentOf(full), before)
  await assert.rejects(migrate(partsOf(new MemoryDriver(), new MemoryDriver())), { code: 'MIGRATE_EMPTY_SOURCE' })

  const destination = new MemoryDriver()
  await assert.rejects(migrate(partsOf(source, new Failing(destination, 2))))
  await source.commit(NO_READS, new Map([['logical/0', randomBytes(3)]]))
  await assert.rejects(migrate(partsOf(source, destination)), { code: 'MIGRATE_CHANGED' })
  assert.equal(await resetMigration(destination, new AbortController().signal), true)
  assert.deepEqual(await contentOf(destination), [])
  assert.equal((await migrate(partsOf(source, destination))).resumed, false)
})

test('-start copies what is at or after a key', async () => {
  const source = await filled(50)
  const destination = new MemoryDriver()
  await migrate(partsOf(source, destination, { start: 'logical/4' }))
  const keys = (await contentOf(destination)).map((line) => line.split(' ')[0])
  assert.ok(keys.includes('logical/4') && keys.includes('logical/49') && keys.includes('é/𝄞'))
  assert.ok(!keys.includes('logical/39') && !keys.includes('core/keyring'))
})

test('a copy that differs is found', async () => {
  class Flipping extends PassingDriver {
    override async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
      const changed = new Map(writes)
      if (changed.has('logical/7')) changed.set('logical/7', randomBytes(1))
      return this.inner.commit(reads, changed)
    }
  }
  await assert.rejects(migrate(partsOf(await filled(20), new Flipping(new MemoryDriver()))), {
    code: 'MIGRATE_DIFFERENT',
  })
})
