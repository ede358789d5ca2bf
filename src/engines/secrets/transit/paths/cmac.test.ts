import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEngine } from '../../../../../test/support/engine.ts'
import { listAt, textAt } from '../../../../../test/support/json.ts'
import { transitEngine } from '../engine.ts'

const input = Buffer.from('a message').toString('base64')

test('a CMAC is verified by its key, at its length and for its input alone', async () => {
  await using e = await testEngine(transitEngine())
  for (const type of ['aes128-cmac', 'aes256-cmac']) {
    assert.equal((await e.write(`keys/${type}`, { type })).status, 200)
    const cmac = textAt((await e.write(`cmac/${type}`, { input })).data, 'cmac')
    assert.deepEqual((await e.write(`verify/${type}`, { input, cmac })).data, { valid: true })
    assert.deepEqual((await e.write(`verify/${type}`, { input: 'YQ==', cmac })).data, { valid: false })
    const short = textAt((await e.write(`cmac/${type}/8`, { input })).data, 'cmac')
    assert.equal(Buffer.from(short.slice('vault:v1:'.length), 'base64').length, 8)
    assert.deepEqual((await e.write(`verify/${type}`, { input, cmac: short })).data, { valid: false })
    assert.deepEqual((await e.write(`verify/${type}`, { input, cmac: short, mac_length: 8 })).data, { valid: true })
    await e.write(`keys/${type}/rotate`)
    assert.deepEqual((await e.write(`verify/${type}`, { input, cmac })).data, { valid: true })
  }
})

test('many at once', async () => {
  await using e = await testEngine(transitEngine())
  await e.write('keys/k', { type: 'aes256-cmac' })
  const made = listAt((await e.write('cmac/k', { batch_input: [{ input, reference: 'r' }, {}] })).data, 'batch_results')
  assert.deepEqual(made[1], { error: 'missing input for CMAC', reference: '' })
  const item = { input, cmac: textAt(made[0], 'cmac') }
  const verified = await e.write('verify/k', { batch_input: [item, { ...item, input: 'YQ==' }] })
  assert.deepEqual(listAt(verified.data, 'batch_results'), [{ valid: true, reference: '' }, { reference: '' }])
})

test('is refused where it makes no sense', async () => {
  await using e = await testEngine(transitEngine())
  await e.write('keys/k', { type: 'aes256-cmac' })
  await e.write('keys/other')
  for (const [path, body] of [
    ['cmac/other', { input }],
    ['cmac/none', { input }],
    ['cmac/k', {}],
    ['cmac/k/0', { input }],
    ['cmac/k/17', { input }],
    ['cmac/k/x', { input }],
    ['encrypt/k', { plaintext: input }],
    ['sign/k', { input }],
    ['verify/other', { input, cmac: 'vault:v1:AAAA' }],
    ['verify/k', { input, cmac: 'x', hmac: 'y' }],
  ] as const)
    assert.equal((await e.write(path, body)).status, 400, path)
})
