/** Signatures over hashes that the client made, against those that OpenSSL makes and checks over the messages themselves. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import { signDigest, verifyDigest } from './ecdsa-digest.ts'

const dsaEncoding = 'ieee-p1363'

suite('ECDSA over a hash', () => {
  for (const curve of ['P-256', 'P-384', 'P-521']) {
    for (const hash of ['sha1', 'sha256', 'sha512', 'sha3-384']) {
      test(`${curve} with ${hash}`, () => {
        for (let round = 0; round < 5; round++) {
          const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
          const message = Buffer.from(`message ${round}`)
          const digest = createHash(hash).update(message).digest()
          const ours = signDigest(privateKey, curve, digest)
          assert.ok(verify(hash, message, { key: publicKey, dsaEncoding }, ours), 'what is made here verifies there')
          const theirs = sign(hash, message, { key: privateKey, dsaEncoding })
          assert.ok(verifyDigest(publicKey, curve, digest, theirs), 'what is made there verifies here')
          const other = createHash(hash).update('other').digest()
          assert.ok(!verifyDigest(publicKey, curve, other, theirs), 'not for another message')
          theirs[theirs.length - 1] = (theirs.at(-1) ?? 0) ^ 1
          assert.ok(!verifyDigest(publicKey, curve, digest, theirs), 'not with another number')
        }
      })
    }
  }

  test('takes no number that is zero or past the order', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const digest = createHash('sha256').update('x').digest()
    for (const byte of [0x00, 0xff]) assert.ok(!verifyDigest(publicKey, 'P-256', digest, Buffer.alloc(64, byte)))
  })

  test('knows a key from its opposite', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const digest = createHash('sha256').update('x').digest()
    const opposite = Buffer.from((order - BigInt(`0x${digest.toString('hex')}`)).toString(16).padStart(64, '0'), 'hex')
    const signature = signDigest(privateKey, 'P-256', digest)
    assert.ok(verifyDigest(publicKey, 'P-256', digest, signature))
    assert.ok(!verifyDigest(publicKey, 'P-256', opposite, signature))
  })
})
