import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FaultyDriver, type FaultPlan } from '../../test/support/faulty-driver.ts'
import { staticSeal } from '../../test/support/auto-seal.ts'
import { CofferError } from '../errors/coffer-error.ts'
import { storageErrors } from '../errors/storage.ts'
import { FakeClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/observe/index.ts'
import type { NewKeys, RekeyStatus, RekeyWish } from '../request/ceremony-ports.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { Store } from '../storage/store.ts'
import { Barrier } from './barrier.ts'
import { CANCEL_WINDOW, IDLE_LIMIT } from './ceremony.ts'
import { Rekey } from './rekey.ts'
import { decodeLinks, LINK_LIFETIME } from './root-key-links.ts'
import { type Seal } from './seal.ts'
import { SealManager } from './seal-manager.ts'
import { ShamirSeal } from './shamir-seal.ts'
import { decodeShare } from './share-text.ts'
import { KEYRING_KEY, ROOT_KEY_LINKS_KEY, UNSEAL_BACKUP_KEY } from './storage-keys.ts'
import { LinkCleaner } from './link-cleaner.ts'

const withCode = (code: string) => (error: unknown) => error instanceof CofferError && error.code === code
const plain: RekeyWish = { shares: 4, threshold: 2, pgpKeys: [], backup: false, requireVerification: false }

/** A server over a storage that may fail, and another of the same vault over what the storage really holds. */
function server(driver: FaultyDriver, seal: Seal = new ShamirSeal(), clock = new FakeClock()) {
  const barrier = new Barrier({ driver, clock })
  const store = new Store(driver, barrier)
  const manager = new SealManager({ store, barrier, seal })
  const rekey = (target: 'root' | 'recovery') =>
    new Rekey({ home: '', target, manager, store, clock, log: silentLogger })
  return { driver, barrier, store, manager, clock, root: rekey('root'), recovery: rekey('recovery') }
}

async function opened(seal?: Seal, shares = 3, threshold = 2) {
  const memory = new MemoryDriver()
  const parts = server(new FaultyDriver(memory), seal)
  const made = await parts.manager.initialize({ shares, threshold }, (transaction) =>
    transaction.put('secret', Buffer.from('kept')),
  )
  const texts = made.shares.map((share) => Buffer.from(share).toString('base64'))
  if (seal === undefined) for (const text of texts.slice(0, threshold)) await parts.manager.submit(decodeShare(text))
  else await parts.manager.unsealByItself()
  return { ...parts, memory, shares: texts }
}

/** Whether these shares open the vault that the storage holds, and what is in it can be read. */
async function opens(memory: MemoryDriver, shares: readonly string[]): Promise<boolean> {
  const { manager, store, barrier } = server(new FaultyDriver(memory))
  try {
    for (const share of shares) await manager.submit(decodeShare(share))
    if (manager.sealed) return false
    const kept = await store.read((view) => view.get('secret'))
    return kept !== undefined && Buffer.from(kept).toString() === 'kept'
  } catch (error) {
    assert.ok(error instanceof CofferError && error.code.startsWith('SEAL_'), String(error))
    return false
  } finally {
    barrier.discard()
  }
}

function keysOf(step: RekeyStatus | NewKeys): NewKeys {
  assert.ok('keys' in step, 'there are no new shares yet')
  return step
}

function nonceOf(step: RekeyStatus | NewKeys): string {
  return step.nonce
}

async function submitted(rekey: Rekey, shares: readonly string[], wish = plain): Promise<NewKeys> {
  const nonce = nonceOf(await rekey.begin(wish, true))
  let last: RekeyStatus | NewKeys | undefined
  for (const share of shares) last = await rekey.submit(share, nonce)
  assert.ok(last)
  return keysOf(last)
}

describe('replacing the shares of the unseal key', () => {
  it('lets the new ones open the vault, and the ones from before no longer', async () => {
    const { root, memory, shares, store, barrier } = await opened()
    const before = await store.read((view) => view.get(KEYRING_KEY))
    const made = await submitted(root, shares.slice(0, 2))
    assert.equal(made.keys.length, 4)
    assert.deepEqual(
      made.keys.map((hex) => Buffer.from(hex, 'hex').toString('base64')),
      made.keysBase64,
    )
    assert.equal(await opens(memory, shares.slice(0, 2)), false)
    for (const pair of [
      [0, 1],
      [1, 3],
      [3, 2],
    ])
      assert.equal(
        await opens(
          memory,
          pair.map((i) => made.keysBase64[i] ?? ''),
        ),
        true,
      )
    // The server itself goes on, and its keyring stands under another root key.
    assert.equal(Buffer.from((await store.read((view) => view.get('secret'))) ?? []).toString(), 'kept')
    assert.notDeepEqual(await store.read((view) => view.get(KEYRING_KEY)), before)
    await barrier.rotate()
    assert.equal(await opens(memory, made.keysBase64.slice(0, 2)), true)
    assert.equal((await root.status()).started, false)
  })

  it('makes one share of one', async () => {
    const { root, memory, shares } = await opened()
    const { keysBase64 } = await submitted(root, shares.slice(0, 2), { ...plain, shares: 1, threshold: 1 })
    assert.equal(await opens(memory, keysBase64), true)
    assert.equal(Buffer.from(keysBase64[0] ?? '', 'base64').length, 32)
  })

  it('refuses what cannot be a share, and keeps those that were given', async () => {
    const { root, shares } = await opened()
    const [first = '', second = ''] = shares
    const nonce = nonceOf(await root.begin(plain, true))
    assert.equal((await root.submit(first, nonce)) && (await root.status()).progress, 1)
    const zero = Buffer.from(second, 'base64')
    zero[32] = 0
    const same = Buffer.from(second, 'base64')
    same[32] = Buffer.from(first, 'base64')[32] ?? 0
    for (const [share, code] of [
      [first, 'CEREMONY_GIVEN'],
      [zero.toString('base64'), 'SEAL_INVALID_KEY'],
      [same.toString('base64'), 'SEAL_INVALID_KEY'],
      [Buffer.alloc(15, 1).toString('base64'), 'SEAL_INVALID_KEY'],
      [Buffer.alloc(34, 1).toString('base64'), 'SEAL_INVALID_KEY'],
      [Buffer.alloc(32, 1).toString('base64'), 'SEAL_INVALID_KEY'],
      ['not a share', 'SEAL_NOT_A_KEY'],
    ] as const)
      await assert.rejects(root.submit(share, nonce), withCode(code), share)
    await assert.rejects(root.submit(second, 'another'), withCode('CEREMONY_NONCE'))
    assert.equal((await root.status()).progress, 1)
    assert.ok(keysOf(await root.submit(second, nonce)))
  })

  it('forgets shares that turn out wrong, and goes on with the same attempt', async () => {
    const { root, shares, memory } = await opened()
    const nonce = nonceOf(await root.begin(plain, true))
    const wrong = Buffer.from(shares[1] ?? '', 'base64')
    wrong[0] = (wrong[0] ?? 0) ^ 1
    await root.submit(shares[0] ?? '', nonce)
    await assert.rejects(root.submit(wrong.toString('base64'), nonce), withCode('SEAL_WRONG_KEY'))
    const after = await root.status()
    assert.deepEqual([after.progress, after.nonce, after.started], [0, nonce, true])
    assert.equal(await opens(memory, shares.slice(1)), true)
    await root.submit(shares[2] ?? '', nonce)
    assert.ok(keysOf(await root.submit(shares[0] ?? '', nonce)))
  })

  it('is one attempt at a time, and asks for its nonce before it is canceled', async () => {
    const { root, clock } = await opened()
    const nonce = nonceOf(await root.begin(plain, true))
    await assert.rejects(root.begin(plain, true), withCode('CEREMONY_UNDER_WAY'))
    const stranger = { nonce: undefined, known: false }
    await assert.rejects(root.cancel(stranger), withCode('CEREMONY_CANCEL_NONCE'))
    await assert.rejects(root.cancel({ nonce: 'another', known: true }), withCode('CEREMONY_NONCE'))
    await root.cancel({ nonce, known: false })
    assert.equal((await root.status()).started, false)
    await root.begin(plain, true)
    await root.cancel({ nonce: undefined, known: true })
    await root.begin(plain, true)
    await clock.advance(CANCEL_WINDOW)
    await root.cancel(stranger)
    assert.equal((await root.status()).started, false)
    await root.cancel(stranger)
  })

  it('is given up when nobody goes on with it for a day', async () => {
    const { root, clock, shares } = await opened()
    const nonce = nonceOf(await root.begin(plain, true))
    await clock.advance(IDLE_LIMIT - 1)
    await root.submit(shares[0] ?? '', nonce)
    await clock.advance(IDLE_LIMIT - 1)
    assert.equal((await root.status()).progress, 1)
    await clock.advance(1)
    assert.equal((await root.status()).started, false)
    assert.equal(clock.pending, 0)
    await assert.rejects(root.submit(shares[1] ?? '', nonce), withCode('CEREMONY_NONE'))
  })

  it("refuses numbers and wishes with Vault's sentences", async () => {
    const { root, recovery } = await opened()
    for (const [wish, sentence] of [
      [{ shares: 0, threshold: 0 }, 'invalid rekey seal configuration: shares must be at least one'],
      [
        { shares: 5, threshold: 1 },
        'invalid rekey seal configuration: threshold must be greater than one for multiple shares',
      ],
      [{ shares: 2, threshold: 3 }, 'invalid rekey seal configuration: threshold cannot be larger than shares'],
      [{ backup: true }, 'cannot request a backup of the new keys without providing PGP keys for encryption'],
      [{ pgpKeys: ['a'] }, 'incorrect number of PGP keys for rekey'],
    ] as const)
      await assert.rejects(root.begin({ ...plain, ...wish }, true), { message: sentence })
    await assert.rejects(recovery.begin(plain, true), withCode('SEAL_NO_RECOVERY_KEY'))
    await assert.rejects(root.verification(), withCode('CEREMONY_NO_CONFIG'))
    assert.equal((await root.status()).started, false)
  })
})

describe('verifying the new shares', () => {
  const verified = { ...plain, requireVerification: true }

  it('lets the ones from before count until enough of the new ones were shown', async () => {
    const { root, memory, shares } = await opened()
    const made = await submitted(root, shares.slice(0, 2), verified)
    assert.ok(made.verificationNonce !== '' && made.verificationRequired)
    assert.equal(await opens(memory, shares.slice(0, 2)), true)
    assert.equal(await opens(memory, made.keysBase64.slice(0, 2)), false)
    await assert.rejects(root.submit(shares[2] ?? '', made.nonce), withCode('CEREMONY_VERIFY_PENDING'))
    const [one = '', two = ''] = made.keysBase64
    assert.deepEqual(await root.verify(one, made.verificationNonce), {
      started: true,
      nonce: made.verificationNonce,
      threshold: 2,
      shares: 4,
      progress: 1,
    })
    await assert.rejects(root.verify(one, made.verificationNonce), withCode('CEREMONY_GIVEN'))
    assert.equal(await root.verify(two, made.verificationNonce), made.verificationNonce)
    assert.equal(await opens(memory, shares.slice(0, 2)), false)
    assert.equal(await opens(memory, [one, two]), true)
  })

  it('begins anew under another nonce when wrong ones are shown, or when it is asked to', async () => {
    const { root, memory, shares } = await opened()
    const made = await submitted(root, shares.slice(0, 2), verified)
    await root.verify(made.keysBase64[0] ?? '', made.verificationNonce)
    await assert.rejects(root.verify(shares[0] ?? '', made.verificationNonce), withCode('CEREMONY_VERIFICATION_FAILED'))
    const { nonce, progress } = await root.verification()
    assert.notEqual(nonce, made.verificationNonce)
    assert.equal(progress, 0)
    await assert.rejects(root.verify(made.keysBase64[0] ?? '', made.verificationNonce), withCode('CEREMONY_NONCE'))
    const again = await root.restartVerification({ nonce: undefined, known: true })
    assert.notEqual(again.nonce, nonce)
    for (const share of made.keysBase64.slice(2)) await root.verify(share, again.nonce)
    assert.equal(await opens(memory, made.keysBase64.slice(0, 2)), true)
  })

  it('leaves everything as it was when it is canceled or the server stops leading', async () => {
    const { root, memory, shares } = await opened()
    for (const leave of [() => root.cancel({ nonce: undefined, known: true }), () => root.end()]) {
      const made = await submitted(root, shares.slice(0, 2), verified)
      leave()
      await assert.rejects(root.verify(made.keysBase64[0] ?? '', made.verificationNonce), withCode('CEREMONY_NONE'))
      assert.equal(await opens(memory, shares.slice(1)), true)
    }
  })
})

describe('a storage that fails while the keys are replaced', () => {
  /** What a crash at each commit leaves; the number of commits is found out, not known. */
  for (const verify of [false, true])
    for (const kind of ['failFromCommit', 'failCommit', 'loseAnswerOfCommit'] as const)
      it(`leaves one set of shares that opens the vault, never none: ${kind}${verify ? ', verified' : ''}`, async () => {
        let commits = Infinity
        for (let k = 1; k <= commits + 1; k++) {
          const { root, memory, shares, driver, barrier, manager } = await opened()
          const plan: FaultPlan = { [kind]: k }
          driver.plan(plan)
          let made: NewKeys | undefined
          let failed = false
          try {
            made = await submitted(root, shares.slice(0, 2), { ...plain, requireVerification: verify })
            if (verify)
              for (const share of made.keysBase64.slice(0, 2)) await root.verify(share, made.verificationNonce)
          } catch (error) {
            assert.ok(error instanceof CofferError, String(error))
            failed = true
          }
          if (k === 1) commits = Math.max(driver.commits, 1)
          const before = await opens(memory, shares.slice(0, 2))
          const after = made !== undefined && (await opens(memory, made.keysBase64.slice(0, 2)))
          assert.notEqual(before, after, `commit ${k}: ${before ? 'both' : 'neither'} open the vault`)
          assert.equal(after, !failed && made?.unsettled !== true, `commit ${k}`)
          // Whatever is written from now on is written under the key that stands.
          driver.plan({})
          if (!barrier.sealed) await barrier.rotate()
          else await assert.rejects(manager.rekey({ target: 'root', shares: undefined }))
          assert.equal(await opens(memory, shares.slice(0, 2)), before, `commit ${k}, later`)
        }
      })

  for (const [seal, target] of [
    [undefined, 'root'],
    [staticSeal('a', 1), 'recovery'],
  ] as const)
    it(`gives out shares that may be all that opens the vault, where nobody knows whether they count: ${target}`, async () => {
      const { memory, shares, driver, manager, ...ceremonies } = await opened(seal)
      driver.plan({ loseAnswerOfCommit: 1, failFromCommit: 2 })
      const made = await submitted(ceremonies[target], shares.slice(0, 2))
      assert.ok(made.unsettled)
      driver.plan({})
      const fresh = made.keysBase64.slice(0, 2)
      if (target === 'root') assert.equal(await opens(memory, fresh), true)
      else await manager.verifyShares(fresh.map(decodeShare))
    })

  it('goes on with the new key where the commit was made and only its answer was lost', async () => {
    const { root, memory, shares, driver } = await opened()
    driver.plan({ loseAnswerOfCommit: 1 })
    const made = await submitted(root, shares.slice(0, 2))
    assert.equal(await opens(memory, made.keysBase64.slice(0, 2)), true)
  })

  it('wipes every key where it cannot be known which one stands', async () => {
    const { root, memory, shares, driver, barrier } = await opened()
    driver.plan({ failFromCommit: 1 })
    assert.ok((await submitted(root, shares.slice(0, 2))).unsettled)
    assert.ok(barrier.sealed)
    assert.equal(await opens(memory, shares.slice(0, 2)), true)
  })

  it('keeps the attempt, without its shares, where nothing was written', async () => {
    const { root, memory, shares, driver, barrier } = await opened()
    driver.plan({ failCommit: 1, error: storageErrors.FULL })
    const nonce = nonceOf(await root.begin(plain, true))
    await root.submit(shares[0] ?? '', nonce)
    await assert.rejects(root.submit(shares[1] ?? '', nonce), withCode('STORAGE_FULL'))
    assert.ok(!barrier.sealed)
    assert.equal((await root.status()).progress, 0)
    await root.submit(shares[0] ?? '', nonce)
    const made = keysOf(await root.submit(shares[1] ?? '', nonce))
    assert.equal(await opens(memory, made.keysBase64.slice(0, 2)), true)
  })
})

describe('a seal that opens by itself', () => {
  it('has its root key replaced by those who hold recovery shares, who keep them', async () => {
    const { root, shares, store, manager, memory } = await opened(staticSeal('a', 1))
    const before = await store.read((view) => view.get(KEYRING_KEY))
    const made = await submitted(root, shares.slice(0, 2), { ...plain, shares: 1, threshold: 1 })
    assert.deepEqual([made.keys, made.keysBase64], [[], []])
    assert.notDeepEqual(await store.read((view) => view.get(KEYRING_KEY)), before)
    await manager.verifyShares(shares.slice(1).map(decodeShare))
    const later = server(new FaultyDriver(memory), staticSeal('a', 1))
    await later.manager.unsealByItself()
    assert.equal(Buffer.from((await later.store.read((view) => view.get('secret'))) ?? []).toString(), 'kept')
    for (const wish of [{ pgpKeys: ['a'] }, { backup: true }, { requireVerification: true }])
      await assert.rejects(root.begin({ ...plain, ...wish }, true), withCode(`CEREMONY_STORED_${nameOf(wish)}`))
  })

  it('has other recovery shares, and the same root key', async () => {
    const { recovery, shares, store, manager } = await opened(staticSeal('a', 1))
    const before = await store.read((view) => view.get(KEYRING_KEY))
    const made = await submitted(recovery, shares.slice(0, 2))
    await assert.rejects(manager.verifyShares(shares.slice(0, 2).map(decodeShare)), withCode('SEAL_INVALID_KEY'))
    await manager.verifyShares(made.keysBase64.slice(0, 2).map(decodeShare))
    assert.deepEqual(await store.read((view) => view.get(KEYRING_KEY)), before)
    const { shares: n, threshold } = await manager.status()
    assert.deepEqual([n, threshold], [4, 2])
  })

  it('gives the first recovery shares to one who shows a token, and to nobody else', async () => {
    const { recovery, root, manager } = await opened(staticSeal('a', 1), 0, 0)
    await assert.rejects(recovery.begin(plain, false), withCode('CEREMONY_NO_HOLDERS'))
    await assert.rejects(root.begin(plain, true), withCode('CEREMONY_NO_HOLDERS'))
    const made = keysOf(await recovery.begin(plain, true))
    await manager.verifyShares(made.keysBase64.slice(0, 2).map(decodeShare))
    assert.equal((await recovery.status()).started, false)
  })
})

describe('servers that follow', () => {
  it('go over to a root key that was replaced more than once, and not without what leads there', async () => {
    const { root, shares, memory, manager, store, clock } = await opened()
    const follower = server(new FaultyDriver(memory))
    for (const share of shares.slice(0, 2)) await follower.manager.submit(decodeShare(share))
    const lost = server(new FaultyDriver(memory))
    for (const share of shares.slice(0, 2)) await lost.manager.submit(decodeShare(share))
    const first = await submitted(root, shares.slice(0, 2))
    await submitted(root, first.keysBase64.slice(0, 2))
    const [keyring, links] = await store.read(
      async (view) => [await view.get(KEYRING_KEY), await view.get(ROOT_KEY_LINKS_KEY)] as const,
    )
    assert.ok(keyring && links)
    assert.equal(decodeLinks(links).length, 2)
    assert.throws(() => lost.barrier.reload(keyring), withCode('STORAGE_TAMPERED'))
    assert.equal(follower.barrier.reload(keyring, links), true)
    assert.equal(follower.barrier.reload(keyring, links), false)
    assert.equal(Buffer.from((await follower.store.read((view) => view.get('secret'))) ?? []).toString(), 'kept')
    const cleaner = new LinkCleaner({ store, clock, log: silentLogger })
    cleaner.start('leader')
    await clock.advance(LINK_LIFETIME)
    assert.equal(await store.read((view) => view.get(ROOT_KEY_LINKS_KEY)), undefined)
    cleaner.stop()
    assert.ok(!manager.sealed)
  })
})

describe('encrypted shares that are kept', () => {
  it('are stored with the change itself, and removed when asked', async () => {
    const { generateKey } = await import('openpgp')
    const key = await generateKey({ userIDs: [{ name: 'a' }], format: 'binary' })
    const pgpKeys = [Buffer.from(key.publicKey).toString('base64'), Buffer.from(key.publicKey).toString('base64')]
    const { root, shares, driver } = await opened()
    const made = await submitted(root, shares.slice(0, 2), { ...plain, shares: 2, pgpKeys, backup: true })
    const kept = await root.backup()
    assert.equal(kept?.nonce, made.nonce)
    assert.deepEqual([...kept.keys.values()], [made.keys])
    const snapshot = await driver.snapshot()
    assert.match(Buffer.from((await snapshot.get(UNSEAL_BACKUP_KEY)) ?? []).toString(), /"nonce"/)
    snapshot.close()
    await root.deleteBackup()
    assert.equal(await root.backup(), undefined)
  })
})

function nameOf(wish: object): string {
  if ('pgpKeys' in wish) return 'PGP'
  return 'backup' in wish ? 'BACKUP' : 'VERIFICATION'
}
