import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FaultyDriver } from '../../test/support/faulty-driver.ts'
import { CofferError } from '../errors/coffer-error.ts'
import { FakeClock } from '../lib/clock.ts'
import type { Driver } from '../storage/driver.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { Store } from '../storage/store.ts'
import { Barrier } from './barrier.ts'
import { type SealHooks, SealManager } from './seal-manager.ts'
import { ShamirSeal } from './shamir-seal.ts'
import { decodeShare } from './share-text.ts'

const utf8 = new TextDecoder()
const withCode = (code: string) => (error: unknown) => error instanceof CofferError && error.code === code

function server(driver: Driver = new MemoryDriver(), hooks: SealHooks = {}) {
  const barrier = new Barrier({ driver, clock: new FakeClock() })
  const store = new Store(driver, barrier)
  return { driver, barrier, store, manager: new SealManager({ store, barrier, seal: new ShamirSeal(), hooks }) }
}

const nothing = (): undefined => undefined
/** `submit` wipes what it is given. */
const copy = (share: Uint8Array | undefined): Uint8Array => Uint8Array.from(share ?? [])

async function initialized(shares = 5, threshold = 3, hooks: SealHooks = {}) {
  const parts = server(undefined, hooks)
  const made = await parts.manager.initialize({ shares, threshold }, (transaction) => {
    transaction.put('root-token', Buffer.from('hvs.root'))
    return 'hvs.root'
  })
  return { ...parts, shares: made.shares, result: made.result }
}

describe('initialising', () => {
  it('makes shares and whatever the caller adds, and leaves the vault sealed', async () => {
    const { manager, shares, result } = await initialized()
    assert.equal(result, 'hvs.root')
    assert.equal(shares.length, 5)
    assert.ok(shares.every((share) => share.length === 33))
    assert.deepEqual(await manager.status(), {
      type: 'shamir',
      initialized: true,
      sealed: true,
      threshold: 3,
      shares: 5,
      progress: 0,
      nonce: '',
      recoverySeal: false,
      migration: false,
    })
  })

  it('answers its status before', async () => {
    const { manager } = server()
    assert.deepEqual(await manager.status(), {
      type: 'shamir',
      initialized: false,
      sealed: true,
      threshold: 0,
      shares: 0,
      progress: 0,
      nonce: '',
      recoverySeal: false,
      migration: false,
    })
    await assert.rejects(manager.submit(new Uint8Array(33).fill(1)), withCode('REQUEST_NOT_INITIALIZED'))
    manager.resetProgress()
  })

  it("refuses numbers with Vault's sentences", async () => {
    const { manager } = server()
    for (const [shares, threshold, sentence] of [
      [0, 0, 'shares must be at least one'],
      [-1, 3, 'shares must be at least one'],
      [NaN, 3, 'shares must be at least one'],
      [5, 0, 'threshold must be at least one'],
      [1, 2, 'threshold cannot be larger than shares'],
      [5, 1, 'threshold must be greater than one for multiple shares'],
      [256, 3, 'shares must be less than 256'],
      [300, 300, 'shares must be less than 256'],
    ] as const) {
      const expected = { message: `invalid seal configuration: ${sentence}` }
      await assert.rejects(manager.initialize({ shares, threshold }, nothing), expected)
    }
    await assert.rejects(manager.initialize({ shares: 2, threshold: 2, pgpKeys: ['a'] }, nothing), {
      message: 'invalid seal configuration: count mismatch between number of provided PGP keys and number of shares',
    })
    await assert.rejects(manager.initialize({ shares: 1, threshold: 1, pgpKeys: ['a'] }, nothing), {
      message: 'invalid seal configuration: error decoding given PGP key: illegal base64 data at input byte 0',
    })
    assert.equal(await manager.initialized(), false)
  })

  it('happens once, of a hundred at once', async () => {
    const { manager } = server()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => manager.initialize({ shares: 1, threshold: 1 }, nothing)),
    )
    assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1)
    await assert.rejects(manager.initialize({ shares: 1, threshold: 1 }, nothing), {
      code: 'SEAL_ALREADY_INITIALIZED',
      message: 'Vault is already initialized',
    })
  })

  it('leaves nothing behind when it fails', async () => {
    const driver = new MemoryDriver()
    const faulty = new FaultyDriver(driver)
    const { manager, barrier } = server(faulty)
    for (const failCommit of [1, 2, 3]) {
      faulty.plan({ failCommit })
      const failed = await manager.initialize({ shares: 3, threshold: 2 }, nothing).then(
        () => false,
        () => true,
      )
      if (!failed) break
      assert.ok(barrier.sealed)
      assert.equal(await manager.initialized(), false)
      assert.deepEqual(driver.snapshot().keys({ prefix: '' }), [])
    }
    assert.equal(faulty.commits, 1, 'all is written in one commit')
    const other = server()
    const failing = other.manager.initialize({ shares: 1, threshold: 1 }, () => assert.fail('no token'))
    await assert.rejects(failing, /no token/)
    assert.ok(other.barrier.sealed)
    assert.equal(await other.manager.initialized(), false)
  })
})

describe('unsealing', () => {
  it('takes the threshold of shares, in hex or base64, and finds what was written', async () => {
    const { manager, store, shares } = await initialized()
    const texts = [Buffer.from(copy(shares[4])).toString('hex'), Buffer.from(copy(shares[0])).toString('base64')]
    for (const [i, text] of texts.entries()) {
      const status = await manager.submit(decodeShare(text))
      assert.equal(status.progress, i + 1)
      assert.match(status.nonce, /^[0-9a-f-]{36}$/)
      assert.ok(status.sealed)
    }
    const status = await manager.submit(copy(shares[2]))
    assert.deepEqual([status.sealed, status.progress, status.nonce], [false, 0, ''])
    assert.equal(utf8.decode(await store.read((view) => view.get('root-token'))), 'hvs.root')
    assert.equal((await manager.submit(copy(shares[2]))).progress, 0)
    assert.throws(() => manager.resetProgress(), withCode('SEAL_UNSEALED'))
  })

  it('opens a vault of one share', async () => {
    const { manager, shares } = await initialized(1, 1)
    assert.equal(shares[0]?.length, 32)
    assert.equal((await manager.submit(copy(shares[0]))).sealed, false)
  })

  it('counts a share once, also when it is given fifty times at once', async () => {
    const { manager, shares } = await initialized()
    const statuses = await Promise.all(Array.from({ length: 50 }, () => manager.submit(copy(shares[0]))))
    assert.ok(statuses.every((status) => status.progress === 1))
    assert.equal(new Set(statuses.map((status) => status.nonce)).size, 1)
  })

  it('unseals once when shares come from all sides', async () => {
    let loads = 0
    const hooks = {
      unsealed: async () => {
        loads++
      },
    }
    const { manager, shares } = await initialized(5, 3, hooks)
    await Promise.all([...shares, ...shares].map((share) => manager.submit(copy(share))))
    assert.equal(manager.sealed, false)
    assert.equal(loads, 1)
  })

  it('starts anew after a reset', async () => {
    const { manager, shares } = await initialized()
    const before = await manager.submit(copy(shares[0]))
    manager.resetProgress()
    assert.deepEqual([(await manager.status()).progress, (await manager.status()).nonce], [0, ''])
    const after = await manager.submit(copy(shares[0]))
    assert.equal(after.progress, 1)
    assert.notEqual(after.nonce, before.nonce)
  })

  it('forgets the shares when they turn out wrong', async () => {
    const { manager, shares } = await initialized()
    const wrong = copy(shares[0])
    wrong[0] = (wrong[0] ?? 0) ^ 1
    await manager.submit(wrong)
    await manager.submit(copy(shares[1]))
    await assert.rejects(manager.submit(copy(shares[2])), {
      code: 'SEAL_WRONG_KEY',
      status: 400,
      message:
        'unable to retrieve stored keys: invalid key: failed to decrypt keys from storage: cipher: message authentication failed',
    })
    assert.equal((await manager.status()).progress, 0)
    for (const share of shares.slice(0, 3)) await manager.submit(copy(share))
    assert.equal(manager.sealed, false)
  })

  it('refuses what cannot be a share', async () => {
    const { manager, shares } = await initialized()
    await assert.rejects(manager.submit(new Uint8Array(15)), {
      message: 'invalid key: key is shorter than minimum 16 bytes',
    })
    await assert.rejects(manager.submit(new Uint8Array(34)), {
      message: 'invalid key: key is longer than maximum 33 bytes',
    })
    await manager.submit(copy(shares[0]))
    await manager.submit(copy(shares[0]).slice(0, 32))
    await assert.rejects(manager.submit(copy(shares[1])), {
      message: 'invalid key: failed to compute combined key: all parts must be the same length',
    })
    const twin = copy(shares[1])
    twin[32] = shares[0]?.[32] ?? 0
    await manager.submit(copy(shares[0]))
    await manager.submit(twin)
    await assert.rejects(manager.submit(copy(shares[2])), {
      message: 'invalid key: failed to compute combined key: duplicate part detected',
    })
    const one = await initialized(1, 1)
    await assert.rejects(one.manager.submit(new Uint8Array(33).fill(1)), {
      message: 'invalid key: failed to setup unseal key: invalid key size 33',
    })
    await assert.rejects(one.manager.submit(new Uint8Array(32).fill(1)), withCode('SEAL_WRONG_KEY'))
  })

  it('wipes the share it was given', async () => {
    const { manager, shares } = await initialized()
    const given = copy(shares[0])
    await manager.submit(given)
    assert.ok(given.every((byte) => byte === 0))
  })

  it('stays sealed when the server cannot load', async () => {
    const { manager, barrier, shares } = await initialized(1, 1, { unsealed: async () => assert.fail('no mounts') })
    await assert.rejects(manager.submit(copy(shares[0])), /no mounts/)
    assert.ok(manager.sealed && barrier.sealed)
  })

  it('notices a keyring of another vault, and a seal of another type', async () => {
    const { driver, store, manager, shares } = await initialized(1, 1)
    const other = await initialized(1, 1)
    const stolen = await other.store.read((view) => view.get('core/keyring'))
    const blind = { sequence: 0, keys: new Set<string>(), prefixes: new Set<string>() }
    await driver.commit(blind, new Map([['core/keyring', stolen]]))
    await assert.rejects(manager.submit(copy(shares[0])), withCode('STORAGE_TAMPERED'))
    assert.ok(manager.sealed)
    await driver.commit(
      blind,
      new Map([['core/seal-config', Buffer.from('{"type":"awskms","secret_shares":1,"secret_threshold":1}')]]),
    )
    await assert.rejects(manager.status(), withCode('SEAL_NO_RETIRED_SEAL'))
    await driver.commit(blind, new Map([['core/seal-config', Buffer.from('{')]]))
    await assert.rejects(manager.status(), withCode('SEAL_CORRUPT'))
    assert.ok(store.driver === driver)
  })
})

describe('sealing', () => {
  it('refuses requests first, lets the server finish, then wipes', async () => {
    const seen: string[] = []
    const parts = await initialized(1, 1, {
      sealing: async () => {
        seen.push(`refusing: ${parts.manager.sealed}, barrier open: ${!parts.barrier.sealed}`)
        await parts.store.write((view) => view.put('last', Buffer.from('words')))
      },
    })
    await parts.manager.submit(copy(parts.shares[0]))
    await Promise.all([parts.manager.seal(), parts.manager.seal()])
    assert.deepEqual(seen, ['refusing: true, barrier open: true'])
    assert.ok(parts.barrier.sealed)
    await parts.manager.submit(copy(parts.shares[0]))
    assert.equal(utf8.decode(await parts.store.read((view) => view.get('last'))), 'words')
  })

  it('wipes also when the server cannot finish', async () => {
    const { manager, barrier, shares } = await initialized(1, 1, { sealing: async () => assert.fail('stuck') })
    await manager.submit(copy(shares[0]))
    await assert.rejects(manager.seal(), /stuck/)
    assert.ok(manager.sealed && barrier.sealed)
  })
})

describe('shares as text', () => {
  it('reads hex, and base64 that looks like hex', () => {
    assert.equal(decodeShare('ab'.repeat(33)).length, 33)
    assert.equal(decodeShare('AB'.repeat(16)).length, 16)
    const both = 'abcd'.repeat(3)
    assert.deepEqual(Buffer.from(decodeShare(both)), Buffer.from(both, 'base64'))
    assert.equal(decodeShare('00'.repeat(34)).length, 51)
  })

  it('refuses anything else', () => {
    for (const text of ['00', 'zz!', 'abc', 'a b=', '====', 'ab'.repeat(20) + 'g']) {
      assert.throws(() => decodeShare(text), withCode('SEAL_NOT_A_KEY'), text)
    }
  })
})
