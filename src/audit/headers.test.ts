import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Harness } from './testdata/harness.ts'

test("Vault's headers are audited until the table says otherwise", async () => {
  await using server = Harness.standing()
  const { headers, store } = server
  const names = async (): Promise<string[]> => [...(await store.read((view) => headers.list(view))).keys()]
  assert.deepEqual(await names(), ['correlation-id', 'x-correlation-id'])
  await store.write((view) => headers.write(view, 'X-Forwarded-For', { hmac: true }))
  await store.write((view) => headers.delete(view, 'CORRELATION-ID'))
  assert.deepEqual(await names(), ['x-correlation-id', 'x-forwarded-for'])
  assert.deepEqual([...headers.rules.keys()], ['correlation-id', 'x-correlation-id'])
  await store.read((view) => headers.load(view))
  assert.deepEqual(headers.rules.get('x-forwarded-for'), { hmac: true })
  assert.equal(headers.rules.has('correlation-id'), false)
  assert.deepEqual(await store.read((view) => headers.read(view, 'X-FORWARDED-FOR')), { hmac: true })
})

test('a header that is not there, or is none, is refused', async () => {
  await using server = Harness.standing()
  const { headers, store } = server
  await assert.rejects(
    store.read((view) => headers.read(view, 'x')),
    { code: 'AUDIT_UNKNOWN_HEADER', message: 'Could not find header in config' },
  )
  await assert.rejects(
    store.write((view) => headers.write(view, '', { hmac: true })),
    { code: 'AUDIT_MISSING_HEADER', status: 400 },
  )
  await assert.rejects(
    store.write((view) => headers.write(view, 'a b', { hmac: true })),
    { code: 'AUDIT_OPTION', status: 400 },
  )
  await store.write((view) => headers.write(view, '__proto__', { hmac: true }))
  assert.deepEqual(await store.read((view) => headers.read(view, '__proto__')), { hmac: true })
})

test('a header that carries a credential is hashed whatever is asked for', async () => {
  await using server = Harness.standing()
  const { headers, store } = server
  for (const name of ['X-Vault-Token', 'Authorization', 'cookie', 'X-Vault-Inline-Auth-Password']) {
    await store.write((view) => headers.write(view, name, { hmac: false }))
    assert.deepEqual(await store.read((view) => headers.read(view, name)), { hmac: true }, name)
  }
})
