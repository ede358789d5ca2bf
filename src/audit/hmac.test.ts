import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Hmac } from './hmac.ts'

function reference(salt: string, value: string | Uint8Array): string {
  return `hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`
}

test('a value that a Vault audit log of the same salt would show', () => {
  // RFC 4231, test case 2.
  const expected = 'hmac-sha256:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
  assert.equal(new Hmac('Jefe').string('what do ya want for nothing?'), expected)
})

test('any value under any salt agrees with createHmac', () => {
  const salts = fc.oneof(fc.uuid(), fc.string({ maxLength: 200, unit: 'binary' }))
  const values = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 20 }).map((end) => 'x'.repeat(500) + end),
  )
  fc.assert(
    fc.property(salts, values, fc.uint8Array(), (salt, value, bytes) => {
      const hmac = new Hmac(salt)
      assert.equal(hmac.string(value), reference(salt, value))
      assert.equal(hmac.bytes(bytes), reference(salt, bytes))
    }),
  )
})

test('lone surrogates are hashed as the bytes they are sent as', () => {
  const hmac = new Hmac('salt')
  assert.equal(hmac.string('a\ud800b'), reference('salt', Buffer.from('a\ufffdb')))
})

test('hashing one value leaves nothing behind that changes the next', () => {
  const hmac = new Hmac('salt')
  const before = hmac.string('one')
  hmac.string('two')
  hmac.string('x'.repeat(5000))
  hmac.string('')
  assert.equal(hmac.string('one'), before)
})
