import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { silentLogger } from '../../../lib/observe/index.ts'
import { nothing, testEngine, type EngineUnderTest } from '../../../../test/support/engine.ts'
import { textAt } from '../../../../test/support/json.ts'
import { transitEngine } from './engine.ts'

const HOUR = 3_600_000
const engine = transitEngine()

/** What the leader does every minute. */
async function tick(e: EngineUnderTest): Promise<void> {
  await engine.background?.[0]?.run({
    mount: e.mount,
    apart: {
      read: (fn) => e.store.read((view) => fn(view.sub('mount/'))),
      write: (fn) => e.store.write((view) => fn(view.sub('mount/'), nothing)),
    },
    limits: { defaultTtl: 1, maxTtl: 1 },
    clock: e.clock,
    log: silentLogger,
    signal: new AbortController().signal,
  })
}

async function latest(e: EngineUnderTest, name: string): Promise<number> {
  return Number((await e.read(`keys/${name}`)).source('data', 'latest_version'))
}

suite('rotation by the clock', () => {
  test('comes when the newest version is as old as the period', async () => {
    await using e = await testEngine(engine)
    await e.write('keys/hourly', { auto_rotate_period: '1h' })
    await e.write('keys/daily', { auto_rotate_period: '24h' })
    await e.write('keys/never')
    await e.clock.advance(HOUR - 1)
    await tick(e)
    assert.equal(await latest(e, 'hourly'), 1)
    await e.clock.advance(1)
    await tick(e)
    await tick(e)
    assert.deepEqual([await latest(e, 'hourly'), await latest(e, 'daily'), await latest(e, 'never')], [2, 1, 1])
    await e.write('keys/hourly/config', { auto_rotate_period: 0 })
    await e.clock.advance(48 * HOUR)
    await tick(e)
    assert.deepEqual([await latest(e, 'hourly'), await latest(e, 'daily')], [2, 2])
  })

  test('leaves what is out of use, and what is gone', async () => {
    await using e = await testEngine(engine)
    for (const name of ['soft', 'gone', 'fine']) await e.write(`keys/${name}`, { auto_rotate_period: '1h' })
    await e.delete('keys/soft/soft-delete')
    await e.write('keys/gone/config', { deletion_allowed: true })
    await e.delete('keys/gone')
    await e.clock.advance(2 * HOUR)
    await tick(e)
    assert.deepEqual([await latest(e, 'soft'), await latest(e, 'fine')], [1, 2])
    assert.deepEqual(
      (await e.storedKeys()).filter((key) => key.includes('gone')),
      [],
    )
  })

  test('loses no version when it meets a rotation that was asked for', async () => {
    await using e = await testEngine(engine)
    await e.write('keys/k', { auto_rotate_period: '1h' })
    const first = textAt((await e.write('encrypt/k', { plaintext: 'YQ==' })).data, 'ciphertext')
    await e.clock.advance(2 * HOUR)
    await Promise.all([tick(e), e.write('keys/k/rotate'), e.write('keys/k/rotate')])
    const count = await latest(e, 'k')
    assert.ok(count >= 3, String(count))
    assert.deepEqual((await e.write('decrypt/k', { ciphertext: first })).data, { plaintext: 'YQ==' })
    for (let version = 1; version <= count; version++)
      assert.equal((await e.write('encrypt/k', { plaintext: 'YQ==', key_version: version })).status, 200)
  })
})
