import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TOTP, URI } from 'otpauth'
import { toBase32 } from './base32.ts'
import { algorithms } from './codes.ts'
import { otpauthUri, readOtpauthUri } from './uri.ts'

const secret = Buffer.from('12345678901234567890')

test('an address is written as Vault writes it', () => {
  assert.equal(
    otpauthUri({ secret, issuer: 'Acme Inc', accountName: 'bob@x.com', period: 30, digits: 6, algorithm: 'SHA1' }),
    'otpauth://totp/Acme%20Inc:bob@x.com?algorithm=SHA1&digits=6&issuer=Acme%20Inc&period=30&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
  )
})

test('what is written is read again, whatever the names', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 })
  const key = fc.record({
    secret: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    // A colon ends the issuer in the label; what stands in "issuer" goes before it.
    issuer: name.map((text) => text.replaceAll(':', '')).filter((text) => text !== ''),
    accountName: name,
    period: fc.integer({ min: 1, max: 1e6 }),
    digits: fc.constantFrom(6, 8),
    algorithm: fc.constantFrom(...algorithms),
  })
  fc.assert(
    fc.property(key, (given) => {
      const read = readOtpauthUri(otpauthUri(given))
      assert.deepEqual(read, {
        issuer: given.issuer.toWellFormed(),
        accountName: given.accountName.toWellFormed(),
        secret: toBase32(given.secret),
        period: String(given.period),
        digits: String(given.digits),
        algorithm: given.algorithm,
      })
    }),
  )
})

test('another program reads it alike', () => {
  const issuer = 'A&B = C+D?'
  const parsed = URI.parse(
    otpauthUri({ secret, issuer, accountName: 'é b', period: 60, digits: 8, algorithm: 'SHA256' }),
  )
  assert.ok(parsed instanceof TOTP)
  assert.deepEqual(
    [parsed.issuer, parsed.label, parsed.period, parsed.digits, parsed.algorithm, parsed.secret.base32],
    [issuer, 'é b', 60, 8, 'SHA256', toBase32(secret)],
  )
})

test('what an address leaves open stays open', () => {
  assert.deepEqual(readOtpauthUri('otpauth://totp/Google:bob?secret=AAAA'), {
    issuer: 'Google',
    accountName: 'bob',
    secret: 'AAAA',
    period: undefined,
    digits: undefined,
    algorithm: undefined,
  })
  assert.equal(readOtpauthUri('otpauth://totp/bob?secret=AAAA')?.issuer, undefined)
  assert.equal(readOtpauthUri('otpauth://totp/Google:bob?issuer=G')?.issuer, 'G')
  assert.equal(readOtpauthUri('otpauth://totp/%zz?secret=AAAA'), undefined)
})
