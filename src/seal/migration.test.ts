/** A vault under seals that open by themselves: made, opened, moved, and what is left of it when the storage gives out in between. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { autoSeal, staticSeal, keyOf } from '../../test/support/auto-seal.ts'
import { FaultyDriver } from '../../test/support/faulty-driver.ts'
import { CofferError } from '../errors/coffer-error.ts'
import { storageErrors } from '../errors/storage.ts'
import { FakeClock } from '../lib/clock.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { Store } from '../storage/store.ts'
import { StaticService } from './auto/static.ts'
import { Barrier } from './barrier.ts'
import { type SealHooks, SealManager } from './seal-manager.ts'
import type { ConfiguredSeals } from './seal.ts'
import { ShamirSeal } from './shamir-seal.ts'

const withCode = (code: string) => (error: unknown) => error instanceof CofferError && error.code === code
const copy = (share: Uint8Array | undefined): Uint8Array => Uint8Array.from(share ?? [])
const utf8 = new TextDecoder()

/** A server that starts on what another left behind. */
function server(driver: FaultyDriver, seals: ConfiguredSeals, hooks: SealHooks = {}) {
  const barrier = new Barrier({ driver, clock: new FakeClock() })
  const store = new Store(driver, barrier)
  return { store, manager: new SealManager({ store, barrier, ...seals, hooks }) }
}

const driverOf = () => new FaultyDriver(new MemoryDriver())
const shamir = (): ConfiguredSeals => ({ seal: new ShamirSeal() })
const auto = (id = 'a', fill = 1): ConfiguredSeals => ({ seal: staticSeal(id, fill) })
const from = (retired: ConfiguredSeals, seals: ConfiguredSeals): ConfiguredSeals => ({
  ...seals,
  retired: retired.seal,
})

async function made(driver: FaultyDriver, seals: ConfiguredSeals, shares = 3, threshold = 2) {
  const { manager } = server(driver, seals)
  const vault = await manager.initialize({ shares, threshold }, (transaction) => {
    transaction.put('a', Buffer.from('kept'))
  })
  return vault.shares
}

async function give(manager: SealManager, shares: readonly (Uint8Array | undefined)[], migrate = false) {
  let status = await manager.status()
  for (const share of shares) status = await manager.submit(copy(share), migrate)
  return status
}

async function holds({ manager, store }: ReturnType<typeof server>): Promise<boolean> {
  if (manager.sealed) return false
  return utf8.decode(await store.read((view) => view.get('a'))) === 'kept'
}

describe('a vault of a seal that opens by itself', () => {
  it('has recovery shares, which open it only through the seal', async () => {
    const driver = driverOf()
    const shares = await made(driver, auto())
    assert.equal(shares.length, 3)
    const opened = server(driver, auto())
    const expected = {
      type: 'static',
      initialized: true,
      sealed: true,
      threshold: 2,
      shares: 3,
      progress: 0,
      nonce: '',
    }
    assert.deepEqual(await opened.manager.status(), { ...expected, recoverySeal: true, migration: false })
    await opened.manager.unsealByItself()
    assert.ok(await holds(opened))
    await opened.manager.seal()
    assert.equal((await give(opened.manager, [shares[0], shares[2]])).sealed, false)
    assert.ok(await holds(opened))

    const other = server(driver, auto('a', 2))
    await assert.rejects(other.manager.unsealByItself(), withCode('SEAL_WRONG_KEY'))
    await assert.rejects(give(other.manager, [shares[0], shares[2]]), withCode('SEAL_WRONG_KEY'))
  })

  it('may have none of them', async () => {
    const driver = driverOf()
    assert.deepEqual(await made(driver, auto(), 0, 0), [])
    const { manager } = server(driver, auto())
    await assert.rejects(manager.submit(new Uint8Array(33).fill(1)), {
      message: 'invalid key: failed to verify recovery key: no recovery key found',
    })
    await manager.unsealByItself()
    await assert.rejects(manager.verifyShares([new Uint8Array(33).fill(1)]), withCode('SEAL_INVALID_KEY'))
  })

  it("refuses numbers with the reference's sentences", async () => {
    const { manager } = server(driverOf(), auto())
    for (const [shares, threshold, sentence] of [
      [0, 1, 'threshold cannot be larger than shares'],
      [1, 2, 'threshold cannot be larger than shares'],
      [3, 1, 'threshold must be greater than one for multiple shares'],
      [256, 2, 'shares must be less than 256'],
    ] as const) {
      const expected = { message: `invalid recovery configuration: ${sentence}` }
      await assert.rejects(
        manager.initialize({ shares, threshold }, () => undefined),
        expected,
      )
    }
  })

  it('is not made where the key service fails', async () => {
    const driver = driverOf()
    const broken = new StaticService(
      {
        id: 'a',
        open: () => {
          throw new Error('no key')
        },
      },
      undefined,
    )
    const { manager } = server(driver, { seal: autoSeal(broken) })
    await assert.rejects(
      manager.initialize({ shares: 1, threshold: 1 }, () => undefined),
      withCode('SEAL_UNAVAILABLE'),
    )
    assert.equal(driver.commits, 0)
    assert.equal(await manager.initialized(), false)
  })

  it('tells whether people agree, under either kind of seal', async () => {
    for (const seals of [shamir(), auto()]) {
      const driver = driverOf()
      const shares = await made(driver, seals)
      const { manager } = server(driver, seals)
      await manager.verifyShares([copy(shares[0]), copy(shares[1])])
      assert.ok(manager.sealed)
      const wrong = [copy(shares[0]), new Uint8Array(33).fill(9)]
      await assert.rejects(manager.verifyShares(wrong), CofferError)
    }
  })

  it('is wrapped anew when the service has another key, in one commit', async () => {
    const driver = driverOf()
    const shares = await made(driver, auto())
    const rotated = () => ({
      seal: autoSeal(new StaticService({ id: 'b', open: () => keyOf(2) }, { id: 'a', open: () => keyOf(1) })),
    })
    const opened = server(driver, rotated())
    await opened.manager.unsealByItself()
    assert.equal(await opened.manager.rewrapIfOutdated(), false, 'nothing is known of the new key yet')
    const { seal } = rotated()
    const after = server(driver, { seal })
    await after.manager.unsealByItself()
    await seal.test()
    driver.plan({ failFromCommit: 2 })
    await assert.rejects(after.manager.rewrapIfOutdated(), withCode('STORAGE_UNAVAILABLE'))
    await server(driver, auto()).manager.unsealByItself()
    driver.plan({})
    assert.equal(await after.manager.rewrapIfOutdated(), true)
    assert.equal(driver.commits, 1)
    assert.equal(await after.manager.rewrapIfOutdated(), false)
    const alone = server(driver, auto('b', 2))
    await alone.manager.unsealByItself()
    await alone.manager.verifyShares([copy(shares[0]), copy(shares[1])])
    assert.ok(await holds(alone))
  })
})

describe('a migration', () => {
  const ways: readonly (readonly [name: string, before: () => ConfiguredSeals, after: () => ConfiguredSeals])[] = [
    ['from operators to a service', shamir, auto],
    ['from a service to operators', auto, shamir],
    ['from a service to another key of its kind', auto, () => auto('b', 2)],
  ]
  for (const [name, before, after] of ways) {
    const moving = () => (before().seal instanceof ShamirSeal ? after() : from(before(), after()))

    it(`${name} needs the shares of those who held them, who hold them afterwards`, async () => {
      const driver = driverOf()
      const shares = await made(driver, before())
      const moved = server(driver, moving())
      const pending = await moved.manager.status()
      assert.deepEqual([pending.type, pending.migration, pending.shares], [after().seal.type, true, 3])
      if (after().seal.autoUnseal) await assert.rejects(moved.manager.unsealByItself(), withCode('SEAL_MIGRATING'))
      await assert.rejects(moved.manager.submit(copy(shares[0])), withCode('SEAL_MIGRATION_PENDING'))
      await assert.rejects(give(moved.manager, [shares[0], new Uint8Array(33).fill(3)], true), CofferError)
      assert.ok(moved.manager.sealed)
      const done = await give(moved.manager, [shares[0], shares[2]], true)
      assert.deepEqual([done.sealed, done.migration, done.shares, done.threshold], [false, false, 3, 2])
      assert.ok(await holds(moved))

      const later = server(driver, after())
      if (after().seal.autoUnseal) await later.manager.unsealByItself()
      else await give(later.manager, [shares[1], shares[2]])
      assert.ok(await holds(later))
      await later.manager.verifyShares([copy(shares[0]), copy(shares[1])])
      await assert.rejects(later.manager.submit(copy(shares[0]), true), withCode('SEAL_NO_MIGRATION'))
      const recovery = await later.store.read((view) => view.list('core/'))
      assert.equal(recovery.filter((name) => name.startsWith('recovery-')).length, after().seal.autoUnseal ? 2 : 0)
    })

    it(`${name} is one commit: before it everything is as it was, after it all is done`, async () => {
      const driver = driverOf()
      const shares = await made(driver, before())
      // The first commit only reserves encryptions for the keyring's count.
      for (const failFromCommit of [1, 2]) {
        driver.plan({ failFromCommit })
        const stopped = server(driver, moving())
        await assert.rejects(give(stopped.manager, [shares[0], shares[1]], true), withCode('STORAGE_UNAVAILABLE'))
        assert.ok(stopped.manager.sealed)
        driver.plan({})
        const old = server(driver, before())
        assert.equal((await give(old.manager, [shares[0], shares[1]])).sealed, false)
        assert.ok(await holds(old))
      }

      const lost = server(driver, moving())
      driver.plan({ loseAnswerOfCommit: 2 })
      await assert.rejects(give(lost.manager, [shares[0], shares[1]], true), withCode('STORAGE_UNAVAILABLE'))
      driver.plan({})
      assert.equal((await lost.manager.status()).migration, false)
      const opened = server(driver, moving())
      assert.equal((await give(opened.manager, [shares[0], shares[1]])).sealed, false)
      assert.ok(await holds(opened))
    })
  }

  it('stands when the server cannot become active after it', async () => {
    const driver = driverOf()
    const shares = await made(driver, shamir())
    const failing = server(driver, auto(), { unsealed: async () => Promise.reject(new Error('no disk')) })
    await assert.rejects(give(failing.manager, [shares[0], shares[1]], true), /no disk/)
    assert.ok(failing.manager.sealed)
    const next = server(driver, auto())
    await next.manager.unsealByItself()
    assert.ok(await holds(next))
  })

  it('is completed once the server may write, unless another did so first', async () => {
    const driver = driverOf()
    const shares = await made(driver, shamir())
    const [first, second] = [server(driver, auto()), server(driver, auto())]
    driver.plan({ failFromCommit: 1, error: storageErrors.NOT_LEADER })
    for (const one of [first, second]) {
      const waiting = await give(one.manager, [shares[0], shares[1]], true)
      assert.deepEqual([waiting.sealed, waiting.migration], [false, true])
    }
    driver.plan({})
    assert.equal(await second.manager.completeMigration(), true)
    assert.equal((await first.manager.status()).migration, false)
    const stored = await second.store.read((view) => view.get('core/root-key'))
    assert.equal(await first.manager.completeMigration(), true)
    assert.deepEqual(await second.store.read((view) => view.get('core/root-key')), stored)
    assert.equal(await first.manager.completeMigration(), false)
  })

  it('needs the seal that the vault comes from', async () => {
    const driver = driverOf()
    await made(driver, auto())
    const stranger: ConfiguredSeals = {
      seal: autoSeal({
        ...new StaticService({ id: 'x', open: () => keyOf(1) }, undefined),
        type: 'other',
        encrypt: () => Promise.reject(new Error('no')),
        decrypt: () => Promise.reject(new Error('no')),
      }),
    }
    for (const seals of [shamir(), stranger, from(stranger, shamir())])
      await assert.rejects(server(driver, seals).manager.status(), withCode('SEAL_NO_RETIRED_SEAL'))
  })
})
