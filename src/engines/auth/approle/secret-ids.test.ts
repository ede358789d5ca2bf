import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nothing, testEngine, type EngineUnderTest } from '../../../../test/support/engine.ts'
import { at, textAt } from '../../../../test/support/json.ts'
import type { Apart } from '#framework'
import { approle } from './engine.ts'
import { tidySecretIds } from './tidy.ts'

async function role(e: EngineUnderTest, name: string, more: object = {}): Promise<void> {
  const answer = await e.write(`role/${name}`, more)
  assert.equal(answer.status, 204, answer.text)
}

async function secretId(e: EngineUnderTest, name: string, more: object = {}) {
  const { json, text, status } = await e.write(`role/${name}/secret-id`, more)
  assert.equal(status, 200, text)
  return { id: textAt(json, 'data', 'secret_id'), accessor: textAt(json, 'data', 'secret_id_accessor') }
}

const found = async (e: EngineUnderTest, name: string, id: string) =>
  (await e.write(`role/${name}/secret-id/lookup`, { secret_id: id })).status === 200

/** Transactions over the mount's storage, counted. */
function apartOf(e: EngineUnderTest): Apart & { writes: number } {
  return {
    writes: 0,
    read: (fn) => e.store.read((view) => fn(view.sub('mount/'))),
    write(fn) {
      this.writes++
      return e.store.write((view) => fn(view.sub('mount/'), nothing))
    },
  }
}

describe('secret ids', () => {
  test('are not in the storage, nor are their accessors in its keys', async () => {
    await using e = await testEngine(approle)
    await role(e, 'r')
    const { id, accessor } = await secretId(e, 'r', { ttl: 60 })
    const keys = await e.storedKeys()
    assert.ok(!keys.some((key) => key.includes(id) || key.includes(accessor)))
    const values = await e.store.read((view) => Promise.all(keys.map(async (key) => view.get(key))))
    assert.ok(!values.some((value) => Buffer.from(value ?? []).includes(id)))
  })

  test('are over when their time is, before anybody tidies', async () => {
    await using e = await testEngine(approle)
    await role(e, 'r', { secret_id_ttl: 60 })
    const { id, accessor } = await secretId(e, 'r')
    await e.clock.advance(59_999)
    assert.ok(await found(e, 'r', id))
    await e.clock.advance(1)
    assert.ok(!(await found(e, 'r', id)))
    assert.equal((await e.write('role/r/secret-id-accessor/lookup', { secret_id_accessor: accessor })).status, 404)
  })

  test('live no longer than the mount lets tokens live', async () => {
    await using e = await testEngine(approle, { maxTtl: 100 })
    await role(e, 'r')
    const { json } = await e.write('role/r/secret-id', { ttl: '1h' })
    assert.equal(at(json, 'data', 'secret_id_ttl'), 100)
    await e.clock.advance(100_000)
    assert.ok(!(await found(e, 'r', textAt(json, 'data', 'secret_id'))))
  })

  test('that are over are removed whole, piece by piece; all others stay', async () => {
    await using e = await testEngine(approle)
    await role(e, 'r')
    const kept = await secretId(e, 'r')
    const later = await secretId(e, 'r', { ttl: 120 })
    for (let i = 0; i < 250; i++) await secretId(e, 'r', { ttl: 60 })
    await e.clock.advance(60_000)
    const apart = apartOf(e)
    await tidySecretIds({ apart, clock: e.clock })
    assert.equal(apart.writes, 3)
    assert.ok((await found(e, 'r', kept.id)) && (await found(e, 'r', later.id)))
    const keys = await e.storedKeys()
    const below = (folder: string) => keys.filter((key) => key.startsWith(`mount/${folder}/`)).length
    assert.deepEqual([below('secret-id'), below('secret-id-accessor'), below('secret-id-expiry')], [2, 2, 1])
  })

  test('of a role that is deleted are good no more, also where it is made anew, and are removed', async () => {
    await using e = await testEngine(approle)
    await role(e, 'R')
    const ids = []
    for (let i = 0; i < 120; i++) ids.push(await secretId(e, 'r', { ttl: 60 }))
    await e.delete('role/r')
    await role(e, 'r')
    const own = await secretId(e, 'r')
    assert.equal((await Promise.all(ids.map(({ id }) => found(e, 'r', id)))).filter(Boolean).length, 0)
    assert.deepEqual(at((await e.list('role/r/secret-id')).json, 'data', 'keys'), [own.accessor])
    await tidySecretIds({ apart: apartOf(e), clock: e.clock })
    assert.ok(await found(e, 'r', own.id))
    await e.clock.advance(60_000)
    await tidySecretIds({ apart: apartOf(e), clock: e.clock })
    await e.delete('role/r')
    await tidySecretIds({ apart: apartOf(e), clock: e.clock })
    assert.deepEqual(await e.storedKeys(), [], 'nothing is left')
  })

  test('tidying stops where it is told to', async () => {
    await using e = await testEngine(approle)
    await role(e, 'r')
    await secretId(e, 'r', { ttl: 60 })
    await e.clock.advance(60_000)
    const apart = apartOf(e)
    await tidySecretIds({ apart, clock: e.clock, signal: AbortSignal.abort() })
    assert.equal(apart.writes, 0)
  })

  test('are listed in pages, of which none lacks one or has one twice', async () => {
    await using e = await testEngine(approle)
    await role(e, 'r')
    const all = new Set<string>()
    for (let i = 0; i < 12; i++) all.add((await secretId(e, 'r')).accessor)
    const seen: string[] = []
    for (let after = ''; ;) {
      const { status, json } = await e.list('role/r/secret-id', { limit: '5', ...(after === '' ? {} : { after }) })
      if (status === 404) break
      const keys = at(json, 'data', 'keys')
      assert.ok(Array.isArray(keys) && keys.length <= 5)
      seen.push(...keys.map(String))
      after = String(keys.at(-1))
      // One that is gone still says where the next page begins.
      await e.write('role/r/secret-id-accessor/destroy', { secret_id_accessor: after })
    }
    assert.deepEqual(seen.toSorted(), [...all].toSorted())
  })

  test('an id that changes leaves no way to the role by the old one', async () => {
    await using e = await testEngine(approle)
    await role(e, 'r', { role_id: 'one' })
    await e.write('role/r/role-id', { role_id: 'two' })
    await role(e, 'other', { role_id: 'one' })
    assert.equal((await e.write('role/r', { role_id: 'one' })).status, 400)
    assert.equal((await e.storedKeys()).filter((key) => key.startsWith('mount/role-id/')).length, 2)
  })
})
