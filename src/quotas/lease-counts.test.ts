import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { codeOfRejection } from '../../test/support/codes.ts'
import { FaultyDriver } from '../../test/support/faulty-driver.ts'
import { FakeClock } from '../lib/clock.ts'
import { Metrics, silentLogger } from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import type { CountedLease } from '../request/quota-ports.ts'
import { rootNamespace } from '../request/request.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import { LeaseCounts } from './lease-counts.ts'
import { RuleFinder } from './rule-finder.ts'
import { leaseCountRule } from './testdata/rules.ts'
import type { LeaseCountRule } from './rule.ts'
import { testMount } from '../../test/support/mounts.ts'

const ofMount = (name: string, maxLeases: number, more: Partial<LeaseCountRule> = {}) =>
  leaseCountRule(name, maxLeases, { mountUuid: name, ...more })

/** Leases stand as `lease/<mount>/<number>` with their role; a mount's uuid is its path. */
class Rig {
  readonly driver = new FaultyDriver(new MemoryDriver())
  readonly store = new Store(this.driver, plainCodec)
  readonly metrics = new Metrics(new FakeClock())
  readonly counts: LeaseCounts
  #rules = new RuleFinder<LeaseCountRule>([])
  #last = 0
  /** Censuses wait for this. */
  hold: Promise<void> | undefined

  constructor() {
    this.counts = new LeaseCounts({
      store: this.store,
      clock: new FakeClock(),
      log: silentLogger,
      metrics: this.metrics,
      census: (view, needsRole) => this.#census(view, needsRole),
      rules: () => this.#rules,
      namespaceOf: () => rootNamespace,
      mountAt: (_namespace, path) => {
        const [name = '', ...rest] = path.split('/')
        return name === '' ? undefined : { mount: mountOf(name), rest: rest.join('/') }
      },
    })
    this.counts.start()
  }

  set rules(rules: readonly LeaseCountRule[]) {
    this.#rules = new RuleFinder(rules)
    this.counts.refresh()
  }

  /** The key of a new lease. `more` runs in its transaction. */
  async make(mount: string, role = '', more: () => Promise<void> | void = () => undefined): Promise<string> {
    const key = `lease/${mount}/${++this.#last}`
    await this.store.write(async (view) => {
      await this.counts.enter(view, leaseOf(mount, role))
      view.put(key, Buffer.from(role))
      await more()
    })
    return key
  }

  async end(key: string): Promise<void> {
    await this.store.write(async (view) => {
      const role = await view.get(key)
      if (role === undefined) return
      view.delete(key)
      this.counts.leave(view, leaseOf(key.split('/')[1] ?? '', Buffer.from(role).toString()))
    })
  }

  async stored(mount: string): Promise<number> {
    return (await this.store.read((view) => view.keys(`lease/${mount}/`))).length
  }

  async *#census(
    view: Parameters<ConstructorParameters<typeof LeaseCounts>[0]['census']>[0],
    needsRole: (lease: CountedLease) => boolean,
  ) {
    await this.hold
    const page: CountedLease[] = []
    for (const key of await view.keys('lease/')) {
      const lease = leaseOf(key.split('/')[1] ?? '', '')
      const role = needsRole(lease) ? Buffer.from((await view.get(key)) ?? '').toString() : ''
      page.push({ ...lease, role })
    }
    yield page
  }
}

function leaseOf(mount: string, role: string): CountedLease {
  return { namespaceId: 'root', path: `${mount}/login`, role }
}

function mountOf(name: string): Mount {
  return testMount(`${name}/`, { kind: 'auth', type: 'x', uuid: name, accessor: name })
}

describe('lease counts', () => {
  test('let a burst in up to the limit and not one further', async () => {
    const rig = new Rig()
    rig.rules = [ofMount('a', 10)]
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOfRejection(rig.make('a'))))
    assert.equal(codes.filter((code) => code === '').length, 10)
    assert.equal(codes.filter((code) => code === 'QUOTA_LEASES').length, 40)
    assert.deepEqual([await rig.stored('a'), await rig.counts.countOf('a')], [10, 10])
    assert.equal(await codeOfRejection(rig.make('b')), '')
  })

  test('take back what a request that failed had taken', async () => {
    const rig = new Rig()
    rig.rules = [ofMount('a', 2)]
    const fails = () => Promise.reject(new Error('on purpose'))
    for (let i = 0; i < 5; i++) await assert.rejects(rig.make('a', '', fails), /on purpose/)
    await rig.make('a')
    rig.driver.plan({ failCommit: 1 })
    await assert.rejects(rig.make('a'))
    rig.driver.plan({})
    await rig.make('a')
    assert.equal(await codeOfRejection(rig.make('a')), 'QUOTA_LEASES')
  })

  test('give a place free with the end of a lease, once it is committed', async () => {
    const rig = new Rig()
    rig.rules = [ofMount('a', 1)]
    const key = await rig.make('a')
    assert.equal(await codeOfRejection(rig.make('a')), 'QUOTA_LEASES')
    rig.driver.plan({ failCommit: 1 })
    await assert.rejects(rig.end(key))
    rig.driver.plan({})
    assert.equal(await codeOfRejection(rig.make('a')), 'QUOTA_LEASES')
    await rig.end(key)
    assert.equal(await codeOfRejection(rig.make('a')), '')
  })

  test('count what was there before the quota, and what comes and goes while it is counted', async () => {
    const rig = new Rig()
    const keys = await Promise.all(Array.from({ length: 6 }, () => rig.make('a')))
    const counting = Promise.withResolvers<void>()
    rig.hold = counting.promise
    rig.rules = [ofMount('a', 5)]
    await rig.end(keys[0] ?? '')
    await rig.end(keys[1] ?? '')
    // It waits until it is known whether there is a place.
    const waiting = Promise.all([codeOfRejection(rig.make('a')), codeOfRejection(rig.make('a'))])
    counting.resolve()
    assert.deepEqual((await waiting).toSorted(), ['', 'QUOTA_LEASES'])
    assert.equal(await rig.counts.countOf('a'), 5)
  })

  test('tell roles apart, and leases of another quota', async () => {
    const rig = new Rig()
    await rig.make('a', 'web')
    rig.rules = [leaseCountRule('all', 3), ofMount('web', 1, { mountUuid: 'a', role: 'web' })]
    assert.equal(await codeOfRejection(rig.make('a', 'web')), 'QUOTA_LEASES')
    await rig.make('a', 'job')
    await rig.make('b')
    assert.deepEqual([await rig.counts.countOf('all'), await rig.counts.countOf('web')], [2, 1])
  })

  test('hold for what is no lease, too, without counting it', async () => {
    const rig = new Rig()
    rig.rules = [ofMount('a', 1)]
    await rig.counts.check(leaseOf('a', ''))
    await rig.make('a')
    await assert.rejects(async () => rig.counts.check(leaseOf('a', '')), /lease count quota exceeded/)
    assert.equal(await rig.counts.countOf('a'), 1)
  })

  test('are told by metrics under the names of Vault', async () => {
    const rig = new Rig()
    rig.rules = [ofMount('a', 1)]
    await rig.make('a')
    await codeOfRejection(rig.make('a'))
    const told = new Map(rig.metrics.report().map(({ name, series }) => [name, [series[0]?.labels, series[0]?.value]]))
    assert.deepEqual(told.get('vault.quota.lease_count.counter'), [{ name: 'a' }, 1])
    assert.deepEqual(told.get('vault.quota.lease_count.max'), [{ name: 'a' }, 1])
    assert.deepEqual(told.get('vault.quota.lease_count.violation'), [{ name: 'a' }, 1])
  })

  test('count again where it is not known whether a commit was written', async () => {
    const rig = new Rig()
    rig.rules = [ofMount('a', 2)]
    await rig.make('a')
    rig.driver.plan({ loseAnswerOfCommit: 1 })
    await assert.rejects(rig.make('a'))
    rig.driver.plan({})
    assert.equal(await rig.stored('a'), 2)
    assert.equal(await codeOfRejection(rig.make('a')), 'QUOTA_LEASES')
    assert.equal(await rig.counts.countOf('a'), 2)
  })

  test('are what is stored after whatever happened at once, and never pass the limit', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('make' as const), mount: fc.constantFrom('a', 'b') }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(30) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), mount: fc.constantFrom('a', 'b') }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('rules' as const), all: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('recount' as const) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 6 }), async (rounds) => {
        const rig = new Rig()
        const keys: string[] = []
        const limits = [ofMount('a', 5), ofMount('b', 3)]
        rig.rules = limits
        const make = async (mount: string, more?: () => Promise<void>) => {
          try {
            keys.push(await rig.make(mount, '', more))
          } catch {
            // Refused, or made to fail.
          }
        }
        for (const round of rounds) {
          await Promise.all(
            round.map(async (one) => {
              if (one.kind === 'make') await make(one.mount)
              else if (one.kind === 'fail') await make(one.mount, () => Promise.reject(new Error('on purpose')))
              else if (one.kind === 'end') await rig.end(keys[one.which % Math.max(keys.length, 1)] ?? 'lease/a/0')
              else if (one.kind === 'recount') rig.counts.recount()
              else rig.rules = one.all ? [...limits, leaseCountRule('all', 100)] : limits
            }),
          )
          for (const { name, maxLeases } of limits) {
            const stored = await rig.stored(name)
            assert.equal(await rig.counts.countOf(name), stored)
            assert.ok(stored <= maxLeases, `${stored} of ${maxLeases}`)
          }
        }
      }),
      { numRuns: 150 },
    )
  })
})
