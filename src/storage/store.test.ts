import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FaultyDriver } from '../../test/support/faulty-driver.ts'
import { CofferError } from '../errors/coffer-error.ts'
import type { Codec } from './codec.ts'
import { MemoryDriver } from './drivers/memory.ts'
import { plainCodec } from './plain-codec.ts'
import { isConflict, Store } from './store.ts'
import type { ReadView } from './view.ts'

const utf8 = new TextDecoder()
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = async (view: ReadView, key: string): Promise<string | undefined> => {
  const value = await view.get(key)
  return value === undefined ? undefined : utf8.decode(value)
}
const newStore = () => new Store(new MemoryDriver(), plainCodec)
const withCode = (code: string) => (error: unknown) => error instanceof CofferError && error.code === code

describe('a transaction', () => {
  it('reads its own writes, and nobody else does', async () => {
    const store = newStore()
    await store.write((view) => {
      view.put('a/1', bytes('one'))
      view.put('a/2', bytes('two'))
    })
    const transaction = await store.begin()
    transaction.put('a/3', bytes('three'))
    transaction.put('a/1', bytes('uno'))
    transaction.delete('a/2')
    transaction.put('a/b/c', bytes('deep'))
    assert.equal(await textOf(transaction, 'a/1'), 'uno')
    assert.equal(await transaction.get('a/2'), undefined)
    assert.deepEqual(await transaction.list('a/'), ['1', '3', 'b/'])
    assert.deepEqual(await transaction.keys('a/', { after: 'a/1', limit: 1 }), ['a/3'])
    assert.deepEqual(await store.read((view) => view.list('a/')), ['1', '2'])
    await transaction.commit()
    assert.deepEqual(await store.read((view) => view.list('a/')), ['1', '3', 'b/'])
  })

  it('drops a folder from a list when its last key is deleted', async () => {
    const store = newStore()
    await store.write((view) => {
      for (let i = 0; i < 40; i++) view.put(`p/f/${i}`, bytes('x'))
      view.put('p/z', bytes('x'))
    })
    const transaction = await store.begin()
    for (let i = 0; i < 40; i++) transaction.delete(`p/f/${i}`)
    assert.deepEqual(await transaction.list('p/'), ['z'])
    transaction.put('p/f/new', bytes('x'))
    assert.deepEqual(await transaction.list('p/'), ['f/', 'z'])
    transaction.discard()
  })

  it('conflicts over what it read or listed, not over what it wrote blindly', async () => {
    const store = newStore()
    await store.write((view) => view.put('a', bytes('0')))
    for (const [look, conflicts] of [
      [(view: ReadView) => view.get('a'), true],
      [(view: ReadView) => view.get('absent'), false],
      [(view: ReadView) => view.list(''), true],
      [(view: ReadView) => view.keys('b/'), false],
      [() => undefined, false],
    ] as const) {
      const transaction = await store.begin()
      await look(transaction)
      transaction.put('mine', bytes('x'))
      await store.write((view) => view.put('a', bytes('1')))
      const outcome = await transaction.commit().then(() => false, isConflict)
      assert.equal(outcome, conflicts)
    }
  })

  it('does not conflict when it only read', async () => {
    const store = newStore()
    const before = await store.begin()
    await before.get('a')
    await store.write((view) => view.put('a', bytes('1')))
    assert.equal(before.dirty, false)
    assert.equal(await before.commit(), before.sequence)
  })

  it('runs its hooks once it is visible, before commit resolves, and not when it fails', async () => {
    const store = newStore()
    const seen: number[] = []
    const transaction = await store.begin()
    transaction.put('a', bytes('1'))
    transaction.onCommitted((sequence) => seen.push(sequence, store.driver.sequence))
    assert.equal(await transaction.commit(), 1)
    assert.deepEqual(seen, [1, 1])
    const loser = await store.begin()
    await loser.get('a')
    loser.put('b', bytes('1'))
    loser.onCommitted(() => seen.push(-1))
    await store.write((view) => view.put('a', bytes('2')))
    await assert.rejects(loser.commit(), isConflict)
    assert.equal(seen.length, 2)
  })

  it('tells once that it is not committed, and whether that is certain', async () => {
    const driver = new FaultyDriver(new MemoryDriver())
    const store = new Store(driver, plainCodec)
    const seen: string[] = []
    const begun = async (name: string) => {
      const transaction = await store.begin()
      transaction.put('a', bytes('1'))
      transaction.sub('below/').onRolledBack((certain) => seen.push(`${name} ${certain}`))
      return transaction
    }
    const discarded = await begun('discarded')
    discarded.discard()
    discarded.discard()
    const committed = await begun('committed')
    await committed.commit()
    committed.discard()
    driver.plan({ loseAnswerOfCommit: 1 })
    const lost = await begun('lost')
    await assert.rejects(lost.commit())
    lost.discard()
    const loser = await begun('loser')
    await loser.get('b')
    await store.write((view) => view.put('b', bytes('2')))
    await assert.rejects(loser.commit(), isConflict)
    assert.deepEqual(seen, ['discarded true', 'lost false', 'loser true'])
  })

  it('ends with its commit', async () => {
    const store = newStore()
    const transaction = await store.begin()
    await transaction.commit()
    assert.throws(() => transaction.put('a', bytes('x')), /finished/)
    await assert.rejects(transaction.commit(), /finished/)
    transaction.discard()
  })

  it('scopes views below views', async () => {
    const store = newStore()
    await store.write((transaction) => {
      const view = transaction.sub('logical/1/').sub('data/')
      view.put('x/y', bytes('deep'))
      assert.ok(transaction.dirty)
    })
    await store.read(async (root) => {
      assert.equal(await textOf(root, 'logical/1/data/x/y'), 'deep')
      const view = root.sub('logical/').sub('1/data/')
      assert.deepEqual(await view.list('x/'), ['y'])
      assert.deepEqual(await view.keys(''), ['x/y'])
      assert.deepEqual(await view.keys('x/', { after: 'x/y' }), [])
    })
  })

  it('writes nothing of itself when one value cannot be sealed', async () => {
    const driver = new MemoryDriver()
    const codec: Codec = { ...plainCodec, seal: (key, value) => (key === 'b' ? assert.fail('sealed') : value) }
    const store = new Store(driver, codec)
    await assert.rejects(
      store.write((view) => {
        view.put('a', bytes('x'))
        view.put('b', bytes('x'))
      }),
      /sealed/,
    )
    assert.deepEqual(await store.read((view) => view.keys('')), [])
  })
})

describe('Store.write', () => {
  it('writes nothing when the function throws', async () => {
    const store = newStore()
    const failing = store.write((view) => {
      view.put('a', bytes('x'))
      throw new Error('changed my mind')
    })
    await assert.rejects(failing, /changed my mind/)
    assert.equal(await store.read((view) => view.get('a')), undefined)
  })

  it('gives a slow writer its turn among quick ones', async () => {
    const store = newStore()
    let stop = false
    const quick = async (): Promise<void> => {
      while (!stop) {
        await store.write(async (view) => view.put('hot', bytes(String(Number((await textOf(view, 'hot')) ?? 0) + 1))))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const others = [quick(), quick(), quick()]
    let attempts = 0
    await store.write(async (view) => {
      attempts++
      const value = Number((await textOf(view, 'hot')) ?? 0)
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
      view.put('hot', bytes(String(value + 1)))
      view.put('slow', bytes('done'))
    })
    stop = true
    await Promise.all(others)
    assert.equal(await store.read((view) => textOf(view, 'slow')), 'done')
    assert.ok(attempts > 3, `it conflicted, with ${attempts} attempts`)
  })

  it('gives up with a conflict when others keep winning behind its back', async () => {
    const driver = new MemoryDriver()
    const store = new Store(driver, plainCodec)
    const blind = { sequence: 0, keys: new Set<string>(), prefixes: new Set<string>() }
    let attempts = 0
    const losing = store.write(async (view) => {
      attempts++
      await view.get('a')
      await driver.commit(blind, new Map([['a', bytes(String(attempts))]]))
      view.put('b', bytes('x'))
    })
    await assert.rejects(losing, withCode('STORAGE_CONFLICT'))
    assert.ok(attempts > 10)
    await store.write((view) => view.put('a', bytes('fine')))
  })

  it('passes on what the storage says, after trying once', async () => {
    const driver = new FaultyDriver(new MemoryDriver(), { failCommit: 1 })
    const store = new Store(driver, plainCodec)
    let runs = 0
    const write = () =>
      store.write((view) => {
        runs++
        view.put('a', bytes('x'))
      })
    await assert.rejects(write(), withCode('STORAGE_UNAVAILABLE'))
    assert.equal(runs, 1)
    await write()
    assert.equal(await store.read((view) => textOf(view, 'a')), 'x')
  })

  it('leaves no snapshot open, whatever happens', async () => {
    const driver = new FaultyDriver(new MemoryDriver())
    const store = new Store(driver, plainCodec)
    await store.write((view) => view.put('a', bytes('x')))
    await store.read((view) => view.get('a'))
    await assert.rejects(store.write(() => assert.fail('no')))
    await assert.rejects(store.read(() => assert.fail('no')))
    await assert.rejects(
      store.write((view) => view.put('k'.repeat(5000), bytes('x'))),
      withCode('STORAGE_KEY_TOO_LONG'),
    )
    assert.equal(driver.openSnapshots, 0)
  })
})
