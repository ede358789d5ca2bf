import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, publicEncrypt } from 'node:crypto'
import { suite, test } from 'node:test'
import { pkcs8 } from '../../../../lib/secure/openssl-heap.ts'
import { CofferError } from '#framework'
import { toNumber } from './modular.ts'
import { pkcs1Of, rsaNumbersOf, scalarOf, sec1Of } from './pkcs8.ts'
import { decryptOaep } from './rsa.ts'

const numberOf = (base64url: string | undefined) => toNumber(Buffer.from(base64url ?? '', 'base64url'))

suite('PKCS #8', () => {
  for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
    test(`${namedCurve}: what is read is what OpenSSL says`, () => {
      // Some numbers begin with zeros.
      for (let i = 0; i < 40; i++) {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve })
        const der = privateKey.export({ format: 'der', type: 'pkcs8' })
        assert.deepEqual(sec1Of(der), privateKey.export({ format: 'der', type: 'sec1' }))
        assert.deepEqual(scalarOf(der), Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'))
      }
    })
  }

  test('RSA: what is read is what OpenSSL says', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const der = privateKey.export({ format: 'der', type: 'pkcs8' })
    assert.deepEqual(pkcs1Of(der), privateKey.export({ format: 'der', type: 'pkcs1' }))
    const jwk = privateKey.export({ format: 'jwk' })
    const { n, e, d, p, q, dp, dq, qi } = rsaNumbersOf(der)
    assert.deepEqual(
      [n, e, d, p, q, dp, dq, qi].map(toNumber),
      [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map(numberOf),
    )
  })

  test('what is no key is damaged', () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('3000', 'hex'),
      Buffer.from('0201', 'hex'),
      Buffer.alloc(200, 48),
    ])
      for (const read of [pkcs1Of, sec1Of, scalarOf, rsaNumbersOf])
        assert.throws(
          () => read(bytes),
          (error: unknown) => error instanceof CofferError,
        )
  })
})

test('RSA decryption says the same of whatever is wrong, with a parsed key and with bytes', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const bytes = pkcs8(privateKey.export({ format: 'der', type: 'pkcs8' }))
  const good = publicEncrypt({ key: createPublicKey(privateKey), oaepHash: 'sha256' }, Buffer.from('text'))
  const otherHash = publicEncrypt({ key: publicKey, oaepHash: 'sha1' }, Buffer.from('text'))
  const wrong = [otherHash, Buffer.from(good).fill(0, 100), Buffer.alloc(256, 255), Buffer.alloc(256), good.subarray(1)]
  for (const key of [privateKey, bytes]) {
    assert.equal((await decryptOaep(key, good)).toString(), 'text')
    for (const ciphertext of wrong)
      await assert.rejects(
        () => decryptOaep(key, ciphertext),
        (error: unknown) => error instanceof CofferError && error.code === 'TRANSIT_RSA_DECRYPTION',
      )
  }
})
