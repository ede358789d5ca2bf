import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { codeOf, codeOfRejection } from '../../test/support/codes.ts'
import { FakeClock } from '../lib/clock.ts'
import { Metrics, silentLogger } from '../lib/observe/index.ts'
import { plainLockout, type LockoutSettings } from '../request/lockout-ports.ts'
import { noTuning, type Mount, type UserLockout } from '../request/mount.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import { FailureBook } from './failed-logins.ts'
import { rulesOf, UserLockoutKeeper } from './user-lockout.ts'
import { testMount } from '../../test/support/mounts.ts'

const tuned = (userLockout: UserLockout | undefined, type = 'userpass'): Mount =>
  testMount(`auth/${type}/`, {
    kind: 'auth',
    type,
    uuid: type,
    accessor: `auth_${type}_1`,
    tuning: { ...noTuning, userLockout },
  })

const RULES: UserLockout = { threshold: 3, duration: 600, counterReset: 300, disable: false }

function house(
  settings: LockoutSettings = plainLockout,
  mount = tuned(RULES),
  store = new Store(new MemoryDriver(), plainCodec),
) {
  const clock = new FakeClock()
  const keeper = new UserLockoutKeeper({
    store,
    clock,
    time: clock,
    log: silentLogger,
    metrics: new Metrics(clock),
    settings,
    mounts: { byAccessor: (accessor) => (accessor === mount.accessor ? mount : undefined) },
  })
  const begin = (alias = 'bob', slow = false) => store.read((view) => keeper.begin(view, { mount, alias }, slow))
  const fail = async (alias = 'bob', known = true) => {
    using attempt = await begin(alias)
    await attempt?.failed(known)
  }
  const succeed = async (alias = 'bob') => {
    using attempt = await begin(alias)
    await store.write((view) => attempt?.settle(view))
    attempt?.succeeded()
  }
  const locked = () => store.read((view) => keeper.locked(view, undefined))
  return { clock, store, keeper, mount, begin, fail, succeed, locked }
}

describe('user lockout', () => {
  test('who fails too often is refused for a while, and nobody else', async () => {
    const { clock, begin, fail, succeed, locked } = house()
    await fail()
    await fail()
    await succeed()
    for (let i = 0; i < 3; i++) await fail()
    assert.equal(await codeOfRejection(begin()), 'LOGIN_LOCKED')
    await succeed('ann')
    assert.deepEqual(await locked(), [{ mountAccessor: 'auth_userpass_1', aliases: ['bob'] }])
    await clock.advance(599_000)
    assert.equal(await codeOfRejection(begin()), 'LOGIN_LOCKED')
    await clock.advance(2_000)
    await succeed()
    assert.deepEqual(await locked(), [])
  })

  test('failures that are long ago do not count', async () => {
    const { clock, fail, succeed } = house()
    await fail()
    await fail()
    await clock.advance(301_000)
    await fail()
    await fail()
    await succeed()
  })

  test('past its lock a name that fails once more is locked again, while its failures count', async () => {
    const { clock, begin, fail } = house(plainLockout, tuned({ ...RULES, duration: 100 }))
    for (let i = 0; i < 3; i++) await fail()
    await clock.advance(101_000)
    await fail()
    assert.equal(await codeOfRejection(begin()), 'LOGIN_LOCKED')
  })

  test('a lock outlives the server, a count does not', async () => {
    const before = house()
    for (let i = 0; i < 3; i++) await before.fail()
    await before.fail('ann')
    await before.fail('ann')
    const after = house(plainLockout, before.mount, before.store)
    assert.equal(await codeOfRejection(after.begin()), 'LOGIN_LOCKED')
    await after.fail('ann')
    await after.succeed('ann')
    await after.clock.advance(601_000)
    await after.succeed()
    assert.deepEqual(await after.store.read((view) => view.keys('core/')), [], 'a lock that is over goes at the log-in')
  })

  test('unlocking counts at once', async () => {
    const { store, keeper, mount, fail, succeed, locked } = house()
    for (let i = 0; i < 3; i++) await fail('a/b ü')
    await store.write((view) => keeper.unlock(view, mount.accessor, 'nobody'))
    assert.deepEqual(await locked(), [{ mountAccessor: mount.accessor, aliases: ['a/b ü'] }])
    await store.write((view) => keeper.unlock(view, mount.accessor, 'a/b ü'))
    await succeed('a/b ü')
  })

  test('a name that nobody has is locked in the same way, and nothing is stored of it', async () => {
    const { store, begin, fail, locked } = house()
    for (let i = 0; i < 3; i++) await fail('nobody', false)
    assert.equal(await codeOfRejection(begin('nobody')), 'LOGIN_LOCKED')
    assert.deepEqual(await locked(), [])
    assert.deepEqual(await store.read((view) => view.keys('')), [])
  })

  test('of guesses that come at once no more are answered than of those that come one by one', async () => {
    const { begin, store } = house()
    const attempts = await Promise.all(Array.from({ length: 20 }, () => begin()))
    const answers = await Promise.all(
      attempts.map((attempt) => codeOfRejection(attempt?.failed(true) ?? Promise.reject())),
    )
    assert.equal(answers.filter((code) => code === '').length, 3)
    assert.equal(answers.filter((code) => code === 'LOGIN_LOCKED').length, 17)
    const [late] = attempts
    await store.write((view) =>
      assert.equal(
        codeOf(() => late?.settle(view)),
        'LOGIN_LOCKED',
      ),
    )
  })

  test('where looking takes long, no more are looked at than may fail', async () => {
    const { begin } = house()
    let looking = 0
    let most = 0
    let refused = 0
    const guess = async () => {
      try {
        using attempt = await begin('bob', true)
        most = Math.max(most, ++looking)
        await setImmediate()
        looking--
        await attempt?.failed(true)
      } catch {
        refused++
      }
    }
    await Promise.all(Array.from({ length: 50 }, guess))
    assert.equal(most, 3)
    assert.equal(refused, 47)
  })

  test('locks that are over, and those of mounts that are gone, are removed', async () => {
    const { clock, store, keeper, mount, fail } = house()
    for (let i = 0; i < 3; i++) await fail()
    const gone = house(plainLockout, tuned(RULES, 'approle'), store)
    for (let i = 0; i < 3; i++) await gone.fail('role')
    await keeper.tidy()
    assert.equal((await store.read((view) => view.keys('core/locked-users/'))).length, 1)
    keeper.start()
    await clock.advance(15 * 60_000)
    assert.deepEqual(await store.read((view) => view.keys('core/locked-users/')), [])
    keeper.stop()
    assert.equal(mount.type, 'userpass')
  })
})

test('what a mount says counts over its method, that over all, and the environment over everything', () => {
  const settings = (disabled?: boolean): LockoutSettings => ({
    byType: new Map<string, Partial<UserLockout>>([
      ['all', { threshold: 7, duration: 70, disable: true }],
      ['userpass', { threshold: 8, disable: false }],
    ]),
    disabled,
  })
  const none: UserLockout = { threshold: 0, duration: 0, counterReset: 0, disable: false }
  assert.deepEqual(rulesOf(plainLockout, tuned(undefined)), {
    threshold: 5,
    duration: 900,
    counterReset: 900,
    disable: false,
  })
  assert.deepEqual(rulesOf(settings(), tuned(undefined)), {
    threshold: 8,
    duration: 70,
    counterReset: 900,
    disable: false,
  })
  assert.deepEqual(rulesOf(settings(), tuned({ ...none, duration: 9 }))?.duration, 9)
  assert.equal(rulesOf(settings(), tuned({ ...none, disable: true })), undefined)
  assert.equal(rulesOf(settings(), tuned(undefined, 'approle')), undefined)
  assert.equal(rulesOf(settings(true), tuned(RULES)), undefined)
  assert.deepEqual(rulesOf(settings(false), tuned({ ...RULES, disable: true }))?.threshold, 3)
  assert.equal(rulesOf(plainLockout, tuned(RULES, 'cert')), undefined)
})

test('names that nobody has push out each other, and none that somebody has', () => {
  const book = new FailureBook()
  book.note('bob', true, 0, 1000)
  book.note('first', false, 0, 1000)
  for (let i = 0; i < 10_000; i++) book.note(`x${i}`, false, 1, 1000)
  assert.equal(book.get('bob')?.count, 1)
  assert.equal(book.get('first'), undefined)
  assert.equal(book.get('x0')?.count, 1)
})
