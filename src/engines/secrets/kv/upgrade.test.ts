import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testEngine } from '../../../../test/support/engine.ts'
import { kvV1, kvV2 } from './engine.ts'

suite('a mount that becomes one of version 2', () => {
  test('keeps each secret as the first version of itself', async () => {
    await using old = await testEngine(kvV1)
    const secrets = new Map(['a', 'a/b', '__proto__'].map((path) => [path, `{"z":1.0,"path":${JSON.stringify(path)}}`]))
    for (const [path, secret] of secrets) await old.write(path, secret)
    await old.store.write((view) =>
      kvV2.takesOver?.({ mount: old.mount, view: view.sub('mount/'), clock: old.clock }, kvV1),
    )

    await using e = await testEngine(kvV2, { store: old.store })
    for (const [path, secret] of secrets) {
      const answer = await e.read(`data/${path}`)
      assert.equal(answer.source('data', 'data'), secret)
      assert.equal(answer.source('data', 'metadata', 'version'), '1')
    }
    assert.deepEqual((await e.list('metadata')).data, { keys: ['__proto__', 'a', 'a/'] })
    assert.ok((await e.storedKeys()).every((key) => !key.startsWith('mount/secret/')))
  })

  test('loses no write that was under way', async () => {
    await using e = await testEngine(kvV1)
    const upgrade = () =>
      e.store.write((view) => kvV2.takesOver?.({ mount: e.mount, view: view.sub('mount/'), clock: e.clock }, kvV1))
    const writes = Array.from({ length: 20 }, (_, i) => e.write(`n${i}`, { i }))
    const answers = await Promise.all([...writes, upgrade().then(() => undefined), e.write('late', { late: true })])
    const kept = answers.flatMap((answer, i) => (answer?.status === 204 ? [i] : []))
    const keys = await e.storedKeys()
    assert.deepEqual(
      keys.filter((key) => key.startsWith('mount/secret/')),
      [],
    )
    assert.equal(keys.filter((key) => key.startsWith('mount/meta/')).length, kept.length)
    for (const answer of answers) assert.ok(answer === undefined || answer.status === 204 || answer.status === 400)
  })

  test('does not go back', async () => {
    await using e = await testEngine(kvV2)
    await assert.rejects(
      e.store.write((view) => kvV1.takesOver?.({ mount: e.mount, view, clock: e.clock }, kvV2)),
      { code: 'KV_V1_DOWNGRADE' },
    )
  })
})
