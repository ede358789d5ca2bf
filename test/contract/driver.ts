/** What every storage driver must hold to. `driverContract` declares the tests for one of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Change, Driver, Entry, Range, ReadSet, Sequence, Snapshot } from '../../src/storage/driver.ts'
import { plainCodec } from '../../src/storage/plain-codec.ts'
import { isConflict, Store } from '../../src/storage/store.ts'

export interface DriverHarness {
  /** The store of this harness; again, after a close, with what was in it where it is persistent. */
  open(): Promise<Driver>
  readonly persistent: boolean
  dispose(): Promise<void>
}

const utf8 = new TextDecoder()
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const writes = (entries: Record<string, string | undefined>) =>
  new Map(Object.entries(entries).map(([key, value]) => [key, value === undefined ? undefined : bytes(value)]))

const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
const reading = (sequence: Sequence, keys: string[], prefixes: string[] = []): ReadSet => ({
  sequence,
  keys: new Set(keys),
  prefixes: new Set(prefixes),
})

async function textOf(snapshot: Snapshot, key: string): Promise<string | undefined> {
  const value = await snapshot.get(key)
  return value === undefined ? undefined : utf8.decode(value)
}

async function at<T>(driver: Driver, look: (snapshot: Snapshot) => T | Promise<T>): Promise<T> {
  const snapshot = await driver.snapshot()
  try {
    return await look(snapshot)
  } finally {
    snapshot.close()
  }
}

/** A driver may forget what happened before the oldest open snapshot, so a read set comes with one. */
async function openSnapshot(driver: Driver): Promise<Disposable> {
  const snapshot = await driver.snapshot()
  return { [Symbol.dispose]: () => snapshot.close() }
}

async function* pages(...all: readonly (readonly [string, string])[][]): AsyncGenerator<Entry[]> {
  for (const page of all) yield page.map(([key, value]): Entry => [key, bytes(value)])
}

const codeOf = (code: string) => (error: unknown) => error instanceof Error && 'code' in error && error.code === code

export function driverContract(name: string, makeHarness: () => Promise<DriverHarness>): void {
  const withDriver = (test: (driver: Driver, harness: DriverHarness) => Promise<void>) => async () => {
    const harness = await makeHarness()
    const driver = await harness.open()
    try {
      await test(driver, harness)
    } finally {
      await driver.close()
      await harness.dispose()
    }
  }

  describe(`driver ${name}: keys and values`, () => {
    it(
      'is empty at first, with sequence 0',
      withDriver(async (driver) => {
        assert.equal(driver.sequence, 0)
        await at(driver, async (snapshot) => {
          assert.equal(snapshot.sequence, 0)
          assert.equal(await snapshot.get('a'), undefined)
          assert.deepEqual(await snapshot.keys({ prefix: '' }), [])
        })
      }),
    )

    it(
      'is current, since nobody else writes to it',
      withDriver(async (driver) => {
        assert.equal(driver.current, true)
        await driver.commit(BLIND, writes({ a: '1' }))
        assert.equal(driver.current, true)
        await driver.replace(pages([['b', '1']]))
        assert.equal(driver.current, true)
      }),
    )

    it(
      'keeps any bytes, also none',
      withDriver(async (driver) => {
        const all = Uint8Array.from({ length: 70_000 }, (_, i) => i)
        await driver.commit(
          BLIND,
          new Map([
            ['all', all],
            ['none', new Uint8Array(0)],
          ]),
        )
        await at(driver, async (snapshot) => {
          assert.deepEqual(Buffer.from((await snapshot.get('all')) ?? []), Buffer.from(all))
          assert.equal((await snapshot.get('none'))?.byteLength, 0)
          assert.deepEqual(await snapshot.keys({ prefix: '' }), ['all', 'none'])
        })
      }),
    )

    it(
      'gives values that stay as they are after later reads',
      withDriver(async (driver) => {
        await driver.commit(BLIND, writes({ a: 'first', b: 'second' }))
        await at(driver, async (snapshot) => {
          const first = await snapshot.get('a')
          await snapshot.get('b')
          assert.equal(utf8.decode(first), 'first')
        })
      }),
    )

    it(
      'orders keys by their UTF-8 bytes',
      withDriver(async (driver) => {
        const keys = ['a', 'a!', 'a/', 'a/b', 'a0', 'b', '\u00e9', '\uff5e', '\u{1f600}', '\u{10ffff}']
        await driver.commit(BLIND, writes(Object.fromEntries(keys.toReversed().map((key) => [key, 'x']))))
        assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), keys)
      }),
    )

    it(
      'takes names that mean something to JavaScript',
      withDriver(async (driver) => {
        const keys = ['10', '9', '__proto__', 'constructor', 'hasOwnProperty', 'toString']
        await driver.commit(BLIND, new Map(keys.map((key) => [key, bytes(key)])))
        await at(driver, async (snapshot) => {
          assert.deepEqual(await snapshot.keys({ prefix: '' }), keys)
          for (const key of keys) assert.equal(await textOf(snapshot, key), key)
        })
      }),
    )

    it(
      'limits a range by prefix, after, from and limit',
      withDriver(async (driver) => {
        await driver.commit(BLIND, writes({ 'a/1': '', 'a/2': '', 'a/3': '', b: '', a: '' }))
        await at(driver, async (snapshot) => {
          assert.deepEqual(await snapshot.keys({ prefix: 'a/' }), ['a/1', 'a/2', 'a/3'])
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', after: 'a/1' }), ['a/2', 'a/3'])
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', after: 'a/1', limit: 1 }), ['a/2'])
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', from: 'a/2' }), ['a/2', 'a/3'])
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', from: 'a/2', after: 'a/2' }), ['a/3'])
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', after: 'a/9' }), [])
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', after: 'A' }), ['a/1', 'a/2', 'a/3'])
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', limit: 0 }), [])
          assert.deepEqual(await snapshot.keys({ prefix: '', after: '', limit: 1 }), ['a'])
          const long = `a/1${'x'.repeat(driver.maxKeyBytes)}`
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', after: long, limit: 1 }), ['a/2'])
          assert.deepEqual(await snapshot.keys({ prefix: 'a/', from: long, limit: 1 }), ['a/2'])
          assert.deepEqual(await snapshot.keys({ prefix: long }), [])
        })
      }),
    )

    it(
      'refuses keys and values beyond its limits, and writes nothing of that commit',
      withDriver(async (driver) => {
        const longest = 'k'.repeat(driver.maxKeyBytes)
        assert.ok(driver.maxKeyBytes >= 1024)
        await driver.commit(BLIND, new Map([[longest, bytes('x')]]))
        const refused: [string, Uint8Array, string][] = [
          [`${longest}k`, bytes('x'), 'STORAGE_KEY_TOO_LONG'],
          ['\u00e9'.repeat(driver.maxKeyBytes / 2 + 1), bytes('x'), 'STORAGE_KEY_TOO_LONG'],
          ['k'.repeat(33_000), bytes('x'), 'STORAGE_KEY_TOO_LONG'],
          ['', bytes('x'), 'STORAGE_KEY_INVALID'],
          ['a\ud800', bytes('x'), 'STORAGE_KEY_INVALID'],
          ['big', new Uint8Array(driver.maxValueBytes + 1), 'STORAGE_VALUE_TOO_LARGE'],
        ]
        for (const [key, value, code] of refused) {
          await assert.rejects(
            driver.commit(
              BLIND,
              new Map([
                ['beside', bytes('x')],
                [key, value],
              ]),
            ),
            codeOf(code),
          )
        }
        await at(driver, async (snapshot) => {
          assert.deepEqual(await snapshot.keys({ prefix: '' }), [longest])
          for (const [key] of refused) assert.equal(await snapshot.get(key), undefined)
        })
      }),
    )
  })

  describe(`driver ${name}: snapshots and commits`, () => {
    it(
      'shows a snapshot as it was, whatever is committed after',
      withDriver(async (driver) => {
        const first = await driver.commit(BLIND, writes({ a: '1', b: '1' }))
        const old = await driver.snapshot()
        await driver.commit(BLIND, writes({ a: '2', b: undefined, c: '2' }))
        for (let i = 0; i < 50; i++) await driver.commit(BLIND, writes({ a: String(i), [`n${i}`]: '' }))
        assert.equal(old.sequence, first)
        assert.equal(await textOf(old, 'a'), '1')
        assert.deepEqual(await old.keys({ prefix: '' }), ['a', 'b'])
        old.close()
        old.close()
        await at(driver, async (snapshot) => {
          assert.equal(await textOf(snapshot, 'a'), '49')
          assert.equal((await snapshot.keys({ prefix: '' })).length, 52)
        })
      }),
    )

    it(
      'keeps snapshots of many ages open at once',
      withDriver(async (driver) => {
        const snapshots: Snapshot[] = []
        for (let i = 0; i < 200; i++) {
          await driver.commit(BLIND, writes({ a: String(i) }))
          snapshots.push(await driver.snapshot())
        }
        for (const [i, snapshot] of snapshots.entries()) assert.equal(await textOf(snapshot, 'a'), String(i))
        for (const snapshot of snapshots) snapshot.close()
      }),
    )

    it(
      'numbers commits in growing order and shows each once it resolved',
      withDriver(async (driver) => {
        let before = 0
        for (let i = 0; i < 20; i++) {
          const sequence = await driver.commit(BLIND, writes({ a: String(i) }))
          assert.ok(sequence > before)
          before = sequence
          await at(driver, async (snapshot) => {
            assert.equal(snapshot.sequence, sequence)
            assert.equal(await textOf(snapshot, 'a'), String(i))
          })
        }
      }),
    )

    it(
      'shows all of a commit or nothing',
      withDriver(async (driver) => {
        let running = true
        const writer = (async () => {
          for (let i = 0; i < 100; i++) await driver.commit(BLIND, writes({ a: String(i), b: String(i), c: String(i) }))
          running = false
        })()
        while (running) {
          await at(driver, async (snapshot) => {
            const seen = [await textOf(snapshot, 'a'), await textOf(snapshot, 'b'), await textOf(snapshot, 'c')]
            assert.equal(new Set(seen).size, 1, seen.join())
          })
          await new Promise((resolve) => setImmediate(resolve))
        }
        await writer
      }),
    )

    it(
      'survives deleting what is not there',
      withDriver(async (driver) => {
        await driver.commit(BLIND, writes({ absent: undefined, a: '1' }))
        assert.deepEqual(await at(driver, (snapshot) => snapshot.keys({ prefix: '' })), ['a'])
      }),
    )
  })

  describe(`driver ${name}: all that is stored`, () => {
    it(
      'gives entries as it gives keys, with their values',
      withDriver(async (driver) => {
        await driver.commit(BLIND, writes({ 'a/1': 'one', 'a/2': '', 'b/1': 'three' }))
        await at(driver, async (snapshot) => {
          const seen = async (range: Range) =>
            (await snapshot.entries(range)).map(([key, value]) => [key, utf8.decode(value)])
          assert.deepEqual(await seen({ prefix: '' }), [
            ['a/1', 'one'],
            ['a/2', ''],
            ['b/1', 'three'],
          ])
          assert.deepEqual(await seen({ prefix: 'a/', after: 'a/1' }), [['a/2', '']])
          assert.deepEqual(await seen({ prefix: '', from: 'a/2', limit: 1 }), [['a/2', '']])
          assert.deepEqual(await seen({ prefix: '', limit: 0 }), [])
        })
      }),
    )

    it(
      'is replaced whole, beside snapshots that stay as they were',
      withDriver(async (driver) => {
        const heard: Change[] = []
        const base = await driver.commit(BLIND, writes({ gone: '1', kept: '1' }))
        driver.subscribe((change) => heard.push(change))
        const old = await driver.snapshot()
        const sequence = await driver.replace(
          pages(
            [
              ['kept', '2'],
              ['new', '2'],
            ],
            [['far', '2']],
          ),
        )
        assert.ok(sequence > base)
        assert.deepEqual(
          heard.map(({ sequence: at, reset }) => [at, reset]),
          [[sequence, true]],
        )
        assert.deepEqual(await old.keys({ prefix: '' }), ['gone', 'kept'])
        assert.equal(await textOf(old, 'kept'), '1')
        await assert.rejects(driver.commit(reading(old.sequence, ['kept']), writes({ mine: '' })), isConflict)
        old.close()
        await at(driver, async (snapshot) => {
          assert.equal(snapshot.sequence, sequence)
          assert.deepEqual(await snapshot.keys({ prefix: '' }), ['far', 'kept', 'new'])
          assert.equal(await textOf(snapshot, 'kept'), '2')
        })
        const later = await driver.commit(reading(sequence, ['kept']), writes({ after: '' }))
        assert.ok(later > sequence)
      }),
    )

    it(
      'stays as it was where a replacement fails',
      withDriver(async (driver) => {
        const base = await driver.commit(BLIND, writes({ kept: '1' }))
        const broken = async function* () {
          yield [['kept', bytes('2')]] as const
          throw new RangeError('the archive ends too early')
        }
        await assert.rejects(driver.replace(broken()), RangeError)
        await assert.rejects(
          driver.replace(
            pages([
              ['kept', '2'],
              ['k'.repeat(33_000), ''],
            ]),
          ),
          codeOf('STORAGE_KEY_TOO_LONG'),
        )
        await at(driver, async (snapshot) => {
          assert.deepEqual(await snapshot.keys({ prefix: '' }), ['kept'])
          assert.equal(await textOf(snapshot, 'kept'), '1')
        })
        await driver.commit(reading(base, ['kept']), writes({ kept: '3' }))
      }),
    )

    it(
      'puts commits that came during a replacement behind it',
      withDriver(async (driver) => {
        const replaced = driver.replace(pages([['a', 'replaced']]))
        const committed = driver.commit(BLIND, writes({ b: 'later' }))
        const [first, second] = await Promise.all([replaced, committed])
        assert.ok(first < second)
        await at(driver, async (snapshot) => assert.deepEqual(await snapshot.keys({ prefix: '' }), ['a', 'b']))
      }),
    )

    it(
      'reaches what it committed',
      withDriver(async (driver) => {
        const sequence = await driver.commit(BLIND, writes({ a: '1' }))
        assert.equal(await driver.reach(sequence, 1000), true)
        assert.equal(await driver.reach(sequence + 1000, 0), false)
      }),
    )
  })

  describe(`driver ${name}: conflicts`, () => {
    it(
      'refuses a stale key, deleted or absent ones too',
      withDriver(async (driver) => {
        const base = await driver.commit(BLIND, writes({ changed: '1', deleted: '1', kept: '1' }))
        using _open = await openSnapshot(driver)
        await driver.commit(BLIND, writes({ changed: '2', deleted: undefined, created: '2' }))
        for (const key of ['changed', 'deleted', 'created']) {
          await assert.rejects(driver.commit(reading(base, [key]), writes({ mine: '' })), isConflict)
        }
        await driver.commit(reading(base, ['kept', 'never']), writes({ mine: '' }))
      }),
    )

    it(
      'refuses a stale prefix',
      withDriver(async (driver) => {
        const base = await driver.commit(BLIND, writes({ 'a/1': '', 'b/1': '' }))
        using _open = await openSnapshot(driver)
        await driver.commit(BLIND, writes({ 'a/2': '' }))
        await assert.rejects(driver.commit(reading(base, [], ['a/']), writes({ mine: '' })), isConflict)
        await assert.rejects(driver.commit(reading(base, [], ['']), writes({ mine: '' })), isConflict)
        await driver.commit(reading(base, [], ['b/']), writes({ mine: '' }))
        const later = await driver.commit(BLIND, writes({ 'b/1': undefined }))
        await assert.rejects(driver.commit(reading(later - 1, [], ['b/']), writes({ mine: '' })), isConflict)
      }),
    )

    it(
      'lets one of those under way at once through',
      withDriver(async (driver) => {
        const base = await driver.commit(BLIND, writes({ a: '0' }))
        using _open = await openSnapshot(driver)
        const outcomes = await Promise.allSettled(
          Array.from({ length: 20 }, (_, i) => driver.commit(reading(base, ['a']), writes({ a: String(i) }))),
        )
        assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1)
      }),
    )

    it(
      'shows what a commit conflicted with to a snapshot taken after',
      withDriver(async (driver) => {
        const base = await driver.commit(BLIND, writes({ a: '0' }))
        using _open = await openSnapshot(driver)
        const winner = driver.commit(reading(base, ['a']), writes({ a: 'won' }))
        await assert.rejects(driver.commit(reading(base, ['a']), writes({ a: 'lost' })), isConflict)
        assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'a')), 'won')
        await winner
      }),
    )

    it(
      'lets blind writes pass, the last one winning',
      withDriver(async (driver) => {
        const sequences = await Promise.all(
          Array.from({ length: 20 }, (_, i) => driver.commit(BLIND, writes({ a: String(i) }))),
        )
        assert.deepEqual(
          sequences,
          sequences.toSorted((a, b) => a - b),
        )
        assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'a')), '19')
      }),
    )
  })

  describe(`driver ${name}: change feed`, () => {
    it(
      'tells every commit in order, before its promise resolves and before a snapshot shows it',
      withDriver(async (driver) => {
        const heard: Change[] = []
        const stop = driver.subscribe((change) => heard.push(change))
        const commits = Array.from({ length: 30 }, async (_, i) => {
          const sequence = await driver.commit(BLIND, writes({ [`k${i}`]: '', all: String(i) }))
          assert.ok(
            heard.some((change) => change.sequence === sequence),
            `commit ${sequence} was not told of`,
          )
          return sequence
        })
        let settled = false
        const all = Promise.all(commits).then((sequences) => ((settled = true), sequences))
        while (!settled) {
          const seen = await at(driver, (snapshot) => snapshot.sequence)
          assert.ok(seen <= (heard.at(-1)?.sequence ?? 0), 'a snapshot showed a commit that was not told of')
          await new Promise((resolve) => setImmediate(resolve))
        }
        assert.deepEqual(
          heard.map((change) => change.sequence),
          await all,
        )
        assert.deepEqual(heard[3]?.keys, ['k3', 'all'])
        stop()
        await driver.commit(BLIND, writes({ later: '' }))
        assert.equal(heard.length, 30)
      }),
    )
  })

  describe(`driver ${name}: under load`, () => {
    it(
      'commits 1,000 at once',
      withDriver(async (driver) => {
        const sequences = await Promise.all(
          Array.from({ length: 1000 }, (_, i) =>
            driver.commit(BLIND, writes({ [`a/${i}`]: String(i), [`b/${i}`]: String(i) })),
          ),
        )
        assert.equal(new Set(sequences).size, 1000)
        await at(driver, async (snapshot) => {
          assert.equal((await snapshot.keys({ prefix: 'a/' })).length, 1000)
          for (let i = 0; i < 1000; i++) assert.equal(await textOf(snapshot, `b/${i}`), String(i))
        })
      }),
    )

    it(
      'loses no update of 50 writers of one key through Store.write',
      withDriver(async (driver) => {
        const store = new Store(driver, plainCodec)
        const increment = () =>
          store.write(async (view) => {
            const value = await view.get('counter')
            const next = Number(value === undefined ? '0' : utf8.decode(value)) + 1
            view.put('counter', bytes(String(next)))
            return next
          })
        const seen = await Promise.all(Array.from({ length: 50 }, increment))
        assert.deepEqual(
          seen.toSorted((a, b) => a - b),
          Array.from({ length: 50 }, (_, i) => i + 1),
        )
        assert.equal(await store.read(async (view) => utf8.decode(await view.get('counter'))), '50')
      }),
    )
  })

  describe(`driver ${name}: closing`, () => {
    it(
      'finishes commits under way, then refuses everything',
      withDriver(async (driver) => {
        const open = await driver.snapshot()
        const underWay = driver.commit(BLIND, writes({ a: '1' }))
        const closed = driver.close()
        await underWay
        await closed
        await driver.close()
        await assert.rejects(driver.commit(BLIND, writes({ a: '2' })), codeOf('STORAGE_CLOSED'))
        await assert.rejects(async () => await driver.snapshot(), codeOf('STORAGE_CLOSED'))
        await assert.rejects(async () => await open.get('a'), codeOf('STORAGE_CLOSED'))
        open.close()
      }),
    )

    it('has everything after reopening, and goes on counting', async (t) => {
      const harness = await makeHarness()
      if (!harness.persistent) return t.skip('not persistent')
      const first = await harness.open()
      const last = await first.commit(BLIND, writes({ a: '1', b: '2' }))
      await first.close()
      const second = await harness.open()
      assert.equal(second.sequence, last)
      assert.equal(await at(second, (snapshot) => textOf(snapshot, 'b')), '2')
      await assert.rejects(second.commit(reading(last - 1, ['c']), writes({ c: '' })), isConflict)
      assert.ok((await second.commit(BLIND, writes({ c: '3' }))) > last)
      await second.close()
      await harness.dispose()
    })
  })

  describe(`driver ${name}: against a model`, () => {
    it('agrees with a plain map through random transactions', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(transactionArbitrary, { maxLength: 25 }), async (transactions) => {
          const harness = await makeHarness()
          const driver = await harness.open()
          try {
            await compareWithModel(new Store(driver, plainCodec), transactions)
          } finally {
            await driver.close()
            await harness.dispose()
          }
        }),
        { numRuns: 60 },
      )
    })
  })
}

const keyArbitrary = fc
  .array(fc.constantFrom('a', 'b', 'a!', 'a0', '\uff5e', '\u{1f600}', '__proto__'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
const folderArbitrary = fc.oneof(
  fc.constant(''),
  keyArbitrary.map((key) => `${key}/`),
)
const pageArbitrary = fc.record(
  {
    after: fc.oneof(
      keyArbitrary,
      keyArbitrary.map((key) => `${key}/`),
    ),
    limit: fc.nat(5),
  },
  { requiredKeys: [] },
)

const stepArbitrary = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: keyArbitrary, value: fc.string({ maxLength: 5 }) }),
  fc.record({ kind: fc.constant('delete' as const), key: keyArbitrary }),
  fc.record({ kind: fc.constant('get' as const), key: keyArbitrary }),
  fc.record({ kind: fc.constant('list' as const), prefix: folderArbitrary, page: pageArbitrary }),
  fc.record({ kind: fc.constant('keys' as const), prefix: folderArbitrary, page: pageArbitrary }),
)
type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never
const transactionArbitrary = fc.record({
  steps: fc.array(stepArbitrary, { maxLength: 10 }),
  ending: fc.constantFrom('commit' as const, 'discard' as const),
  scope: fc.constantFrom('', 'scope/'),
})

async function compareWithModel(
  store: Store,
  transactions: readonly { steps: readonly Step[]; ending: 'commit' | 'discard'; scope: string }[],
): Promise<void> {
  let model = new Map<string, string>()
  for (const { steps, ending, scope } of transactions) {
    const transaction = await store.begin()
    const view = transaction.sub(scope)
    const mine = new Map(model)
    for (const step of steps) {
      if (step.kind === 'put') {
        view.put(step.key, bytes(step.value))
        mine.set(scope + step.key, step.value)
      } else if (step.kind === 'delete') {
        view.delete(step.key)
        mine.delete(scope + step.key)
      } else if (step.kind === 'get') {
        const value = await view.get(step.key)
        assert.equal(value === undefined ? undefined : utf8.decode(value), mine.get(scope + step.key))
      } else if (step.kind === 'list') {
        assert.deepEqual(await view.list(step.prefix, step.page), namesInModel(mine, scope + step.prefix, step.page))
      } else {
        assert.deepEqual(await view.keys(step.prefix, step.page), keysInModel(mine, scope, step.prefix, step.page))
      }
    }
    if (ending === 'commit') {
      await transaction.commit()
      model = mine
    } else {
      transaction.discard()
    }
  }
  assert.deepEqual(await store.read((view) => view.keys('')), keysInModel(model, '', '', {}))
}

type ModelPage = { readonly after?: string; readonly limit?: number }

function paged(names: Iterable<string>, page: ModelPage): string[] {
  return [...new Set(names)]
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .filter((name) => page.after === undefined || Buffer.compare(Buffer.from(name), Buffer.from(page.after)) > 0)
    .slice(0, page.limit)
}

function namesInModel(model: ReadonlyMap<string, string>, prefix: string, page: ModelPage): string[] {
  const below = [...model.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
  return paged(
    below.map((key) => (key.includes('/') ? key.slice(0, key.indexOf('/') + 1) : key)),
    page,
  )
}

function keysInModel(model: ReadonlyMap<string, string>, scope: string, prefix: string, page: ModelPage): string[] {
  const below = [...model.keys()].filter((key) => key.startsWith(scope + prefix)).map((key) => key.slice(scope.length))
  return paged(below, page)
}
