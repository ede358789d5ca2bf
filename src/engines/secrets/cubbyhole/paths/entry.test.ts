import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testCaller, testEngine } from '../../../../../test/support/engine.ts'
import { cubbyhole } from '../engine.ts'
import { cubbyholePrefixes } from '../store.ts'

suite('cubbyholes', () => {
  test('are seen by their token alone', async () => {
    await using root = await testEngine(cubbyhole)
    const one = root.as(testCaller('one', { entityId: 'same' }))
    const two = root.as(testCaller('two', { entityId: 'same' }))
    await one.write('x', { mine: 1 })
    await one.write('x/y', { mine: 2 })
    assert.equal((await one.read('x')).source('data'), '{"mine":1}')
    for (const other of [two, root]) {
      assert.equal((await other.read('x')).status, 404)
      assert.equal((await other.list('')).status, 404)
      assert.equal((await other.delete('x')).status, 204)
      await other.write('x', { other: 1 })
    }
    assert.equal((await one.read('x')).source('data'), '{"mine":1}')
    assert.deepEqual((await one.list('')).data, { keys: ['x', 'x/'] })
    assert.deepEqual((await one.list('x')).data, { keys: ['y'] })
  })

  test("are not reached by another token's name in the path", async () => {
    await using one = await testEngine(cubbyhole, { caller: testCaller('one') })
    const two = one.as(testCaller('two'))
    await one.write('x', { mine: 1 })
    const [prefix = ''] = cubbyholePrefixes('accessor-of-one')
    for (const path of [`${prefix}x`, `accessor-of-one/x`, `../${prefix}x`])
      assert.notEqual((await two.read(path)).status, 200)
    assert.equal((await two.list(prefix)).status, 404)
  })

  test('lie below one prefix, which does not name the accessor', async () => {
    await using one = await testEngine(cubbyhole, { caller: testCaller('one') })
    const two = one.as(testCaller('two'))
    for (const path of ['x', 'x/y', 'é']) {
      await one.write(path, { path })
      await two.write(path, { path })
    }
    const [prefix = ''] = cubbyholePrefixes('accessor-of-one')
    assert.ok(!prefix.includes('accessor'))
    await one.store.write(async (view) => {
      for (const key of await view.sub('mount/').keys(prefix)) view.sub('mount/').delete(key)
    })
    assert.equal((await one.list('')).status, 404)
    assert.deepEqual((await two.list('')).data, { keys: ['x', 'x/', 'é'] })
  })

  test('are not for batch tokens', async () => {
    await using e = await testEngine(cubbyhole, { caller: testCaller('batch', { type: 'batch', accessor: '' }) })
    const refusal = ['cubbyhole operations are only supported by "service" type tokens']
    for (const answer of [await e.read('x'), await e.write('x', { a: 1 }), await e.list(''), await e.delete('x')]) {
      assert.equal(answer.status, 400)
      assert.deepEqual(answer.errors, refusal)
    }
    assert.deepEqual(await e.storedKeys(), [])
  })
})
