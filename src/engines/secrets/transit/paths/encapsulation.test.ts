import assert from 'node:assert/strict'
import { createPublicKey, encapsulate } from 'node:crypto'
import { test } from 'node:test'
import { testEngine } from '../../../../../test/support/engine.ts'
import { textAt } from '../../../../../test/support/json.ts'
import { transitEngine } from '../engine.ts'

for (const type of ['ml-kem-512', 'ml-kem-768', 'ml-kem-1024']) {
  test(`${type}: both sides have the same key, wherever it was encapsulated`, async () => {
    await using e = await testEngine(transitEngine())
    await e.write('keys/k', { type: 'ml-kem', parameter_set: type.slice('ml-kem-'.length) })
    const { data } = await e.write('encapsulate/k')
    const shared = textAt(data, 'shared_key')
    assert.deepEqual((await e.write('decapsulate/k', { ciphertext: textAt(data, 'ciphertext') })).data, {
      shared_key: shared,
    })
    const publicKey = createPublicKey(textAt((await e.read('keys/k')).data, 'keys', '1', 'public_key'))
    assert.equal(publicKey.asymmetricKeyType, type)
    const elsewhere = encapsulate(publicKey)
    const ciphertext = `vault:v1:${elsewhere.ciphertext.toString('base64')}`
    const known = elsewhere.sharedKey.toString('base64')
    assert.deepEqual((await e.write('decapsulate/k', { ciphertext })).data, { shared_key: known })
    elsewhere.ciphertext[0] = (elsewhere.ciphertext[0] ?? 0) ^ 1
    const other = await e.write('decapsulate/k', { ciphertext: `vault:v1:${elsewhere.ciphertext.toString('base64')}` })
    assert.notEqual(textAt(other.data, 'shared_key'), known)
    assert.equal((await e.write('decapsulate/k', { ciphertext: 'vault:v1:AAAA' })).status, 400)
  })

  test(`${type}: wraps keys for data`, async () => {
    await using e = await testEngine(transitEngine())
    await e.write('keys/k', { type })
    const made = await e.write('datakey/plaintext/k', { bits: 512, associated_data: 'YQ==' })
    const ciphertext = textAt(made.data, 'ciphertext')
    const plaintext = textAt(made.data, 'plaintext')
    assert.deepEqual((await e.write('decrypt/k', { ciphertext, associated_data: 'YQ==' })).data, { plaintext })
    assert.equal((await e.write('decrypt/k', { ciphertext })).status, 400)
  })
}

test('only ML-KEM encapsulates', async () => {
  await using e = await testEngine(transitEngine())
  await e.write('keys/k')
  assert.equal((await e.write('encapsulate/k')).status, 400)
  assert.equal((await e.write('decapsulate/k', { ciphertext: 'vault:v1:AAAA' })).status, 400)
})
