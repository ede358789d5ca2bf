/** Commits and replacements that take several transactions of etcd's: the process dies at each of them, in turn. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { noEtcd, TestEtcd } from '../../../test/support/etcd.ts'
import { at, BLIND, bytes, keysOf, NEVER, withCode } from '../../../test/support/driver-words.ts'
import { diesAt, etcdOptions, FaultyClient, newPath, until } from '../../../test/support/etcd-drivers.ts'
import type { Change, Driver, Entry, Sequence, WriteSet } from '../driver.ts'
import { type EtcdDriver, type EtcdOptions, openEtcd } from './etcd.ts'

let etcd: TestEtcd
const deadOnes: Driver[] = []
const open = (path: string, more: Partial<EtcdOptions> = {}): Promise<EtcdDriver> =>
  openEtcd(etcdOptions(etcd.address, path, more))

/** Everything that etcd holds below a path, without the values. */
const rawKeys = (path: string): string[] =>
  etcd
    .ctl('get', '--prefix', '--keys-only', path)
    .split('\n')
    .filter((key) => key !== '')

const numbered = (i: number): string => String(i).padStart(4, '0')
const padding = 'x'.repeat(200)

/** What stands where: the number of keys by their values, less the padding. */
async function census(driver: Driver): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  await at(driver, async (snapshot) => {
    for (const [, value] of await snapshot.entries({ prefix: '' })) {
      const [word = ''] = Buffer.from(value).toString().split(' ')
      counts[word] = (counts[word] ?? 0) + 1
    }
  })
  return counts
}

/** 500 keys anew, 400 of the 500 there are changed and 100 of them deleted. */
function thousand(): WriteSet {
  const all = new Map<string, Uint8Array | undefined>()
  for (let i = 0; i < 1000; i++) all.set(`k/${numbered(i)}`, i < 100 ? undefined : bytes(`new ${padding}`))
  return all
}
const BEFORE = { old: 500 }
const AFTER = { new: 900 }

async function fill(driver: Driver): Promise<Sequence> {
  let sequence = 0
  for (let start = 0; start < 500; start += 100) {
    const some = Array.from({ length: 100 }, (_, i) => [`k/${numbered(start + i)}`, bytes(`old ${padding}`)] as const)
    sequence = await driver.commit(BLIND, new Map(some))
  }
  return sequence
}

interface Outcome {
  /** Whether the work was acknowledged. */
  readonly outcome: Promise<boolean>
  readonly counts: Record<string, number>
}

/**
 * A process that dies at its transaction of this number while it works on a store of 500 keys, and what the next leader finds. Those
 * who only read look on all the time.
 */
async function deathAt(
  number: number,
  how: 'lost before' | 'lost after',
  work: (driver: Driver) => Promise<Sequence>,
  expected: readonly Record<string, number>[],
): Promise<Outcome> {
  const path = newPath()
  const client = new FaultyClient(etcd.address)
  const more = { maxValueBytes: 1024 }
  const first = await openEtcd(etcdOptions(etcd.address, path, more), client)
  await first.election?.campaign('first', NEVER)
  const base = await fill(first)
  const reader = await open(path, more)
  assert.equal(await reader.reach(base, 5000), true)
  diesAt(client, number, how)
  const outcome = work(first).then(
    () => true,
    () => false,
  )
  await until(() => client.dead)
  await reader.reach(base + 1, 50)
  const seen = await census(reader)
  assert.ok(
    expected.some((counts) => isSame(counts, seen)),
    `a reader saw ${JSON.stringify(seen)} at ${number}`,
  )
  etcd.ctl('del', `${path}leader`)
  await reader.election?.campaign('next', NEVER)
  const counts = await census(reader)
  // The next leader writes, and what is left over goes.
  const next = await reader.commit(BLIND, new Map([['later', bytes('later')]]))
  assert.ok(next > base)
  const stored = Object.values(counts).reduce((sum, count) => sum + count, 1)
  await until(() => rawKeys(path).filter((key) => !key.includes('/log/')).length === stored + 2)
  await reader.close()
  // What is dead gives up once its lease has run out.
  deadOnes.push(first)
  return { outcome, counts }
}

const isSame = (a: Record<string, number>, b: Record<string, number>): boolean => isDeepStrictEqual(a, b)

/** Dies at each transaction until one too many to be reached. Returns how many deaths left the old and how many the new. */
async function deaths(
  work: (driver: Driver) => Promise<Sequence>,
  before: Record<string, number>,
  afterwards: Record<string, number>,
  steps: readonly number[],
): Promise<{ old: number; new: number }> {
  const found = { old: 0, new: 0 }
  const checks: Promise<void>[] = []
  for (const number of steps) {
    for (const how of ['lost before', 'lost after'] as const) {
      const { outcome, counts } = await deathAt(number, how, work, [before, afterwards])
      const isNew = isSame(counts, afterwards)
      assert.ok(isNew || isSame(counts, before), `${JSON.stringify(counts)} at ${number} ${how}`)
      checks.push(
        outcome.then((acknowledged) => assert.ok(isNew || !acknowledged, `acknowledged and gone at ${number} ${how}`)),
      )
      if (isNew) found.new++
      else found.old++
    }
  }
  await Promise.all(checks)
  return found
}

describe('etcd, more than a transaction takes', { skip: noEtcd }, () => {
  before(async () => {
    etcd = await TestEtcd.start()
  })
  after(async () => {
    for (const driver of deadOnes) await driver.close()
    await etcd[Symbol.asyncDispose]()
  })

  it('commits a thousand keys at once, seen whole by all', async () => {
    const path = newPath()
    const more = { maxValueBytes: 1024 }
    const [driver, reader] = [await open(path, more), await open(path, more)]
    await driver.election?.campaign('first', NEVER)
    const base = await fill(driver)
    await reader.reach(base, 5000)
    const heard: Change[] = []
    reader.subscribe((change) => heard.push(change))
    const old = await driver.snapshot()
    let running = true
    const looking = (async () => {
      let shapes = 0
      while (running) {
        const counts = await census(reader)
        assert.ok(isSame(counts, BEFORE) || isSame(counts, AFTER), JSON.stringify(counts))
        shapes++
      }
      return shapes
    })()
    const sequence = await driver.commit(BLIND, thousand())
    assert.deepEqual(await census(driver), AFTER)
    const keys = await at(driver, async (snapshot) => snapshot.keys({ prefix: 'k/', after: 'k/0050', limit: 2 }))
    assert.deepEqual(keys, ['k/0100', 'k/0101'])
    assert.equal((await old.keys({ prefix: '' })).length, 500)
    old.close()
    assert.equal(await reader.reach(sequence, 5000), true)
    running = false
    assert.ok((await looking) > 0)
    assert.deepEqual(await census(reader), AFTER)
    assert.deepEqual(
      heard.map((change) => [change.sequence, change.keys.length, change.reset]),
      [[sequence, 1000, undefined]],
    )
    // The next one waits until it stands where it belongs.
    await driver.commit(BLIND, new Map([['later', bytes('later')]]))
    assert.equal(rawKeys(`${path}big/`).length, 0)
    await driver.close()
    await reader.close()
  })

  it('commits a thousand keys or none, whenever its process dies', { timeout: 300_000 }, async () => {
    const work = (driver: Driver): Promise<Sequence> => driver.commit(BLIND, thousand())
    // Four pieces, the one write by which they count, eight or more by which they are brought home, and the clearing away.
    const found = await deaths(work, BEFORE, AFTER, [0, 1, 2, 3, 4, 5, 6, 9, 12])
    assert.ok(found.old >= 7 && found.new >= 7, JSON.stringify(found))
  })

  it('replaces everything or nothing, whenever its process dies', { timeout: 300_000 }, async () => {
    async function* all(): AsyncGenerator<readonly Entry[]> {
      for (let page = 0; page < 3; page++) {
        yield Array.from({ length: 100 }, (_, i): Entry => [`r/${page}/${i}`, bytes(`replaced ${padding}`)])
      }
    }
    const work = (driver: Driver): Promise<Sequence> => driver.replace(all())
    const found = await deaths(work, BEFORE, { replaced: 300 }, [0, 1, 2, 3, 4])
    assert.ok(found.old >= 4 && found.new >= 2, JSON.stringify(found))
  })

  it('takes the longest key with the largest value by default, and many of them', async () => {
    const driver = await open(newPath(), { haEnabled: false })
    const value = new Uint8Array(driver.maxValueBytes).fill(7)
    const keyOf = (i: number): string => String(i).padStart(driver.maxKeyBytes, 'k')
    await driver.commit(BLIND, new Map([[keyOf(0), value]]))
    await driver.commit(BLIND, new Map([1, 2, 3].map((i) => [keyOf(i), value])))
    const entries = await at(driver, async (snapshot) => snapshot.entries({ prefix: '' }))
    assert.deepEqual(
      entries.map(([key, stored]) => [key, Buffer.compare(stored, value)]),
      [0, 1, 2, 3].map((i) => [keyOf(i), 0]),
    )
    const tooLarge = new Map([
      ['beside', bytes('x')],
      ['large', new Uint8Array(driver.maxValueBytes + 1)],
    ])
    await assert.rejects(driver.commit(BLIND, tooLarge), withCode('STORAGE_VALUE_TOO_LARGE'))
    assert.equal((await keysOf(driver)).length, 4)
    await driver.close()
  })

  it('takes many keys of the worst kind', async () => {
    const driver = await open(newPath(), { haEnabled: false })
    // Written as JSON, each byte of these becomes six.
    const keys = Array.from({ length: 300 }, (_, i) => '\u0001'.repeat(driver.maxKeyBytes - 3) + String(i + 100))
    const heard: Change[] = []
    driver.subscribe((change) => heard.push(change))
    await driver.commit(BLIND, new Map(keys.slice(0, 120).map((key) => [key, bytes('x')])))
    await driver.commit(BLIND, new Map(keys.slice(120).map((key) => [key, bytes('x')])))
    assert.deepEqual(await keysOf(driver), keys)
    assert.deepEqual(
      heard.map((change) => change.keys.length),
      [120, 180],
    )
    await driver.close()
  })
})
