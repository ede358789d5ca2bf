import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOf, newSecret, signedHeaders } from './signature.ts'

test('signatures are those of the published example', () => {
  const key = keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw') ?? assert.fail()
  assert.deepEqual(signedHeaders(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'), {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('a secret that is made is one, and no two are alike', () => {
  assert.equal(keyOf(newSecret())?.length, 32)
  assert.notEqual(newSecret(), newSecret())
})

test('what is no secret has no key', () => {
  const bytes = (count: number) => `whsec_${Buffer.alloc(count, 1).toString('base64')}`
  for (const text of [
    '',
    'whsec_',
    'plain',
    bytes(23),
    bytes(65),
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa w',
    bytes(32).slice(6),
  ])
    assert.equal(keyOf(text), undefined, text)
  for (const count of [24, 64]) assert.equal(keyOf(bytes(count))?.length, count)
})
