import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'
import { test } from 'node:test'
import { ed25519Pair, ed25519Sign } from './ed25519.ts'

const FRAME = Buffer.from('302e020100300506032b657004220420', 'hex')

test('keys and signatures are those of OpenSSL', () => {
  for (let i = 0; i < 50; i++) {
    const seed = randomBytes(32)
    const message = randomBytes(i * 7)
    const key = createPrivateKey({ key: Buffer.concat([FRAME, seed]), format: 'der', type: 'pkcs8' })
    const pair = ed25519Pair(seed)
    assert.deepEqual(pair.subarray(0, 32), seed)
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
    assert.deepEqual(pair.subarray(32), spki.subarray(-32))
    assert.deepEqual(ed25519Sign(pair, message), sign(null, message, key))
  }
})
