import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { until } from '../../../test/support/callers.ts'
import { idleEntries } from '../../../test/support/lmdb-halves.ts'
import { systemClock } from '../../lib/clock.ts'
import type { Change, Entry, ReadSet, Snapshot } from '../driver.ts'
import { LmdbFollower } from './lmdb-follower.ts'
import { LmdbDriver } from './lmdb.ts'

const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
const COUNT = 5000

function newFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'coffer-replace-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const keyOf = (i: number): string => `k/${String(i).padStart(5, '0')}`

async function* store(value: string, fails = false): AsyncGenerator<Entry[]> {
  for (let i = 0; i < COUNT; i += 100) {
    if (fails && i > COUNT / 2) throw new RangeError('the archive is damaged')
    yield Array.from({ length: 100 }, (_, j): Entry => [keyOf(i + j), Buffer.from(`${value} ${i + j}`)])
  }
}

async function assertWhole(snapshot: Snapshot, value: string): Promise<void> {
  const found = await snapshot.entries({ prefix: '' })
  assert.deepEqual(
    found.map(([key, bytes]) => [key, Buffer.from(bytes).toString()]),
    Array.from({ length: COUNT }, (_, i) => [keyOf(i), `${value} ${i}`]),
  )
}

test('an old snapshot stays whole while what it shows is dropped, over and over', async (t) => {
  const path = newFolder(t)
  const driver = new LmdbDriver({ path })
  const old: [Snapshot, string][] = []
  for (let round = 0; round < 5; round++) {
    await driver.replace(store(`round ${round}`))
    old.push([driver.snapshot(), `round ${round}`])
    await until('the other half is empty', async () => ((await idleEntries(path)) === 0 ? true : undefined))
  }
  for (const [snapshot, value] of old) {
    await assertWhole(snapshot, value)
    snapshot.close()
  }
  await driver.close()
})

test('what it shows changes at once, and not before the subscribers were told', async (t) => {
  const driver = new LmdbDriver({ path: newFolder(t) })
  await driver.replace(store('old'))
  let told = false
  driver.subscribe(({ reset }) => (told ||= reset === true))
  let done = false
  const replaced = driver.replace(store('new')).finally(() => (done = true))
  let looks = 0
  while (!done) {
    const snapshot = driver.snapshot()
    const first = Buffer.from((await snapshot.get(keyOf(0))) ?? []).toString()
    assert.equal(first, told ? 'new 0' : 'old 0')
    assert.equal(
      Buffer.from((await snapshot.get(keyOf(COUNT - 1))) ?? []).toString(),
      `${first.slice(0, 3)} ${COUNT - 1}`,
    )
    snapshot.close()
    looks++
    await new Promise((resolve) => setImmediate(resolve))
  }
  await replaced
  assert.ok(looks > 5)
  await driver.close()
})

test('one that fails leaves nothing behind', async (t) => {
  const path = newFolder(t)
  const driver = new LmdbDriver({ path })
  await driver.replace(store('old'))
  await assert.rejects(driver.replace(store('new', true)), RangeError)
  await until('the other half is empty', async () => ((await idleEntries(path)) === 0 ? true : undefined))
  const snapshot = driver.snapshot()
  await assertWhole(snapshot, 'old')
  snapshot.close()
  await driver.commit(BLIND, new Map([[keyOf(0), undefined]]))
  await driver.close()
  const again = new LmdbDriver({ path })
  const later = again.snapshot()
  assert.equal((await later.keys({ prefix: 'k/' })).length, COUNT - 1)
  later.close()
  await again.close()
})

test('a thread follows from half to half, and is told of each replacement and of what comes after it', async (t) => {
  const path = newFolder(t)
  const driver = new LmdbDriver({ path, followed: true })
  const follower = new LmdbFollower({
    path,
    maxValueBytes: driver.maxValueBytes,
    announced: () => driver.sequence,
    clock: systemClock,
  })
  const heard: Change[] = []
  follower.subscribe((change) => heard.push(change))
  await driver.commit(BLIND, new Map([['before', Buffer.from('1')]]))
  follower.snapshot().close()
  for (const value of ['one', 'two', 'three']) {
    const sequence = await driver.replace(store(value))
    const snapshot = follower.snapshot()
    assert.equal(snapshot.sequence, sequence)
    await assertWhole(snapshot, value)
    assert.deepEqual(heard.at(-1), { sequence, keys: [], reset: true })
    await driver.commit(BLIND, new Map([['after', Buffer.from(value)]]))
    const next = follower.snapshot()
    assert.equal(Buffer.from((await next.get('after')) ?? []).toString(), value)
    assert.deepEqual(heard.at(-1), { sequence: sequence + 1, keys: ['after'] })
    await assertWhole(snapshot, value)
    for (const one of [snapshot, next]) one.close()
  }
  await follower.close()
  await driver.close()
})
