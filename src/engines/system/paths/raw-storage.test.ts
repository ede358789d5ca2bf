import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEngine } from '../../../../test/support/engine.ts'
import { defineEngine } from '../../../framework/index.ts'
import { rawStoragePaths } from './raw-storage.ts'

const engine = defineEngine({
  type: 'system',
  kind: 'system',
  help: 'Only what is under test.',
  paths: rawStoragePaths({ outside: new Set(['core/keyring', 'core/root-key', 'core/seal-config']) }),
})

test('an entry is written, read, listed and removed', async () => {
  await using e = await testEngine(engine)
  assert.equal((await e.read('raw/a/b')).status, 404)
  assert.equal((await e.write('raw/a/b', { value: 'text' })).status, 204)
  assert.deepEqual((await e.read('raw/a/b')).data, { value: 'text' })
  assert.deepEqual((await e.list('raw')).data, { keys: ['a/'] })
  assert.deepEqual((await e.list('raw/a')).data, { keys: ['b'] })
  assert.equal((await e.list('raw/nothing')).status, 404)
  assert.equal((await e.delete('raw/a/b')).status, 204)
  assert.equal((await e.read('raw/a/b')).status, 404)
  assert.equal((await e.delete('raw/a/b')).status, 204)
})

test('a list comes in pages', async () => {
  await using e = await testEngine(engine)
  for (const name of ['a', 'b', 'c']) await e.write(`raw/x/${name}`, { value: '1' })
  assert.deepEqual((await e.list('raw/x', { after: 'a', limit: '1' })).data, { keys: ['b'] })
})

test('base64 carries what is no text', async () => {
  await using e = await testEngine(engine)
  const value = Buffer.from([0, 255, 10, 128]).toString('base64')
  assert.equal((await e.write('raw/bytes', { value, encoding: 'base64' })).status, 204)
  assert.deepEqual((await e.read('raw/bytes', { encoding: 'base64' })).data, { value })
  assert.deepEqual((await e.read('raw/bytes', { encoding: 'base64', compressed: 'false' })).data, { value })
  const bad = await e.write('raw/bytes', { value: '!!', encoding: 'base64' })
  assert.deepEqual([bad.status, bad.errors], [400, ['field "value" takes base64, since encoding says so']])
  assert.deepEqual((await e.read('raw/bytes', { encoding: 'base64' })).data, { value })
})

test('encodings and compressions it does not have are refused, and nothing is written', async () => {
  await using e = await testEngine(engine)
  assert.equal((await e.read('raw/a', { encoding: 'hex' })).status, 400)
  assert.equal((await e.write('raw/a', { value: 'x', encoding: 'hex' })).status, 400)
  assert.equal((await e.write('raw/a', { value: 'x', compression_type: 'gzip' })).status, 400)
  assert.equal((await e.write('raw/a', {})).status, 400)
  assert.equal((await e.write('raw', { value: 'x' })).status, 400)
  assert.deepEqual(await e.storedKeys(), [])
})

test('the keys that open the barrier can be reached by no verb', async () => {
  await using e = await testEngine(engine)
  await e.store.write((view) => {
    for (const key of ['keyring', 'root-key', 'seal-config']) view.put(`mount/core/${key}`, Buffer.from('canary'))
  })
  for (const key of ['core/keyring', 'core/root-key', 'core/seal-config', 'core/keyring-copy']) {
    const answers = [
      await e.read(`raw/${key}`),
      await e.read(`raw/${key}`, { encoding: 'base64' }),
      await e.write(`raw/${key}`, { value: 'x' }),
      await e.delete(`raw/${key}`),
    ]
    for (const answer of answers) assert.deepEqual([answer.status, answer.errors], [400, [`cannot access "${key}"`]])
  }
  const kept = await e.store.read((view) => view.get('mount/core/keyring'))
  assert.equal(Buffer.from(kept ?? []).toString(), 'canary')
})

test('it needs sudo', () => {
  for (const path of engine.paths)
    for (const operation of path.operations.values()) assert.equal(operation.flags.sudo, true)
})
