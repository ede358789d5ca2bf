import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { TOTP, URI } from 'otpauth'
import { testEngine } from '../../../../../test/support/engine.ts'
import { textAt } from '../../../../../test/support/json.ts'
import { totp } from '../engine.ts'

const NEW = { generate: true, issuer: 'Acme', account_name: 'bob' }

suite('keys', () => {
  test('are made anew each time, as large as was asked, and make the codes of who was told', async () => {
    await using e = await testEngine(totp)
    const sizes: number[] = []
    const seen = new Set<string>()
    for (const [algorithm, digits, key_size] of [
      ['SHA1', 6, 20],
      ['SHA256', 8, 32],
      ['SHA512', 8, 64],
    ]) {
      const made = await e.write('keys/a', { ...NEW, algorithm, digits, key_size, period: '1m' })
      const told = URI.parse(textAt(made.json, 'data', 'url'))
      assert.ok(told instanceof TOTP)
      sizes.push(told.secret.bytes.length)
      seen.add(told.secret.base32)
      const expected = told.generate({ timestamp: e.clock.now() })
      assert.equal(expected.length, digits)
      assert.equal(textAt((await e.read('code/a')).json, 'data', 'code'), expected)
    }
    assert.deepEqual(sizes, [20, 32, 64])
    assert.equal(seen.size, 3)
  })

  test('are told once, as an address and a picture, and never again', async () => {
    await using e = await testEngine(totp)
    const made = await e.write('keys/a', NEW)
    const secret = new URL(textAt(made.json, 'data', 'url')).searchParams.get('secret') ?? ''
    assert.match(secret, /^[A-Z2-7]{32}$/)
    assert.match(textAt(made.json, 'data', 'barcode'), /^iVBORw0KGgo/)
    assert.equal((await e.read('keys/a')).text.includes(secret), false)
  })

  test('that are not to be told are not', async () => {
    await using e = await testEngine(totp)
    assert.equal((await e.write('keys/a', { ...NEW, exported: false })).status, 204)
    assert.deepEqual(Object.keys(Object((await e.write('keys/b', { ...NEW, qr_size: 0 })).data)), ['url'])
  })

  test('of sizes that would cost more than they give are refused, and nothing is stored', async () => {
    await using e = await testEngine(totp)
    for (const more of [{ qr_size: 4097 }, { qr_size: 3 }, { key_size: 1025 }, { issuer: 'a'.repeat(3000) }])
      assert.equal((await e.write('keys/a', { ...NEW, ...more })).status, 400, JSON.stringify(more))
    assert.deepEqual(await e.storedKeys(), [])
    assert.equal((await e.write('keys/a', { ...NEW, issuer: 'a'.repeat(3000), qr_size: 0 })).status, 200)
  })
})
