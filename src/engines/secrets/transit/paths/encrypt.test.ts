import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { testEngine, type EngineUnderTest } from '../../../../../test/support/engine.ts'
import { listAt, textAt } from '../../../../../test/support/json.ts'
import { transitEngine } from '../engine.ts'

const bytes = (minLength: number) =>
  fc.uint8Array({ minLength, maxLength: 300 }).map((value) => Buffer.from(value).toString('base64'))

const TYPES = ['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305']

async function encrypt(e: EngineUnderTest, name: string, body: object): Promise<string> {
  const answer = await e.write(`encrypt/${name}`, body)
  assert.equal(answer.status, 200, answer.text)
  return textAt(answer.data, 'ciphertext')
}

suite('encryption', () => {
  for (const type of TYPES) {
    test(`${type}: convergent keys give the same for the same, and nothing else`, async () => {
      await using e = await testEngine(transitEngine())
      await e.write('keys/c', { type, derived: true, convergent_encryption: true })
      const seen = new Map<string, string>()
      await fc.assert(
        fc.asyncProperty(bytes(0), bytes(1), async (plaintext, context) => {
          const once = await encrypt(e, 'c', { plaintext, context })
          assert.equal(await encrypt(e, 'c', { plaintext, context }), once)
          assert.equal(seen.get(once) ?? `${plaintext} ${context}`, `${plaintext} ${context}`)
          seen.set(once, `${plaintext} ${context}`)
          assert.deepEqual((await e.write('decrypt/c', { ciphertext: once, context })).data, { plaintext })
        }),
        { numRuns: 40 },
      )
    })
  }

  for (const type of [...TYPES, 'rsa-2048', 'ml-kem-768']) {
    test(`${type}: rewrapping keeps the plaintext`, async () => {
      await using e = await testEngine(transitEngine())
      await e.write('keys/k', { type })
      const texts: { readonly plaintext: string; readonly ciphertext: string }[] = []
      const short = fc.uint8Array({ maxLength: 190 }).map((value) => Buffer.from(value).toString('base64'))
      for (let version = 1; version <= 3; version++) {
        for (const plaintext of fc.sample(short, 3))
          texts.push({ plaintext, ciphertext: await encrypt(e, 'k', { plaintext }) })
        await e.write('keys/k/rotate')
      }
      for (const { plaintext, ciphertext } of texts) {
        const rewrapped = textAt((await e.write('rewrap/k', { ciphertext })).data, 'ciphertext')
        assert.match(rewrapped, /^vault:v4:/)
        assert.notEqual(rewrapped, ciphertext)
        assert.deepEqual((await e.write('decrypt/k', { ciphertext: rewrapped })).data, { plaintext })
      }
    })
  }

  test('no version below the minimum decrypts, verifies or is rewrapped, whatever the two minima are', async () => {
    await using e = await testEngine(transitEngine())
    const versions = 5
    await e.write('keys/k')
    await e.write('keys/s', { type: 'ed25519' })
    const ciphertexts: string[] = []
    const signatures: string[] = []
    const hmacs: string[] = []
    for (let version = 1; version <= versions; version++) {
      ciphertexts.push(await encrypt(e, 'k', { plaintext: 'YQ==' }))
      signatures.push(textAt((await e.write('sign/s', { input: 'YQ==' })).data, 'signature'))
      hmacs.push(textAt((await e.write('hmac/k', { input: 'YQ==' })).data, 'hmac'))
      for (const name of ['k', 's']) if (version < versions) await e.write(`keys/${name}/rotate`)
    }
    const minimum = fc.integer({ min: 1, max: versions })
    await fc.assert(
      fc.asyncProperty(minimum, async (least) => {
        for (const name of ['k', 's']) await e.write(`keys/${name}/config`, { min_decryption_version: least })
        for (const [i, ciphertext] of ciphertexts.entries()) {
          const allowed = i + 1 >= least ? 200 : 400
          assert.equal((await e.write('decrypt/k', { ciphertext })).status, allowed)
          assert.equal((await e.write('rewrap/k', { ciphertext })).status, allowed)
          assert.equal((await e.write('verify/s', { input: 'YQ==', signature: signatures[i] })).status, allowed)
          assert.equal((await e.write('verify/k', { input: 'YQ==', hmac: hmacs[i] })).status, allowed)
          const batch = listAt((await e.write('decrypt/k', { batch_input: [{ ciphertext }] })).data, 'batch_results')
          assert.equal(textAt(batch[0], 'plaintext'), allowed === 200 ? 'YQ==' : '')
        }
      }),
      { numRuns: 12 },
    )
  })

  test('a batch gives what its items would give one by one', async () => {
    await using e = await testEngine(transitEngine())
    await e.write('keys/c', { derived: true, convergent_encryption: true })
    const item = fc.record({ plaintext: fc.oneof(bytes(0), fc.constant('!')), context: bytes(1) })
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 8 }), async (items) => {
        const batch = await e.write('encrypt/c', { batch_input: items })
        const results = listAt(batch.data, 'batch_results')
        assert.equal(results.length, items.length)
        assert.equal(batch.status, items.some(({ plaintext }) => plaintext === '!') ? 400 : 200)
        for (const [i, one] of items.entries()) {
          const single = await e.write('encrypt/c', one)
          if (single.status === 200) assert.equal(textAt(results[i], 'ciphertext'), textAt(single.data, 'ciphertext'))
          else assert.deepEqual([textAt(results[i], 'error')], single.errors)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('two who make the same key at once encrypt with the same', async () => {
    await using e = await testEngine(transitEngine())
    const made = await Promise.all(Array.from({ length: 20 }, () => encrypt(e, 'new', { plaintext: 'YQ==' })))
    for (const ciphertext of made)
      assert.deepEqual((await e.write('decrypt/new', { ciphertext })).data, { plaintext: 'YQ==' })
    assert.equal((await e.read('keys/new')).source('data', 'latest_version'), '1')
  })
})

suite('what takes long keeps nobody waiting', () => {
  test('a key of 4096 bits is made beside other requests', async () => {
    await using e = await testEngine(transitEngine())
    await e.write('keys/k')
    let done = false
    const slow = e.write('keys/slow', { type: 'rsa-4096' }).then((answer) => {
      done = true
      return answer
    })
    let served = 0
    while (!done) {
      await encrypt(e, 'k', { plaintext: 'YQ==' })
      served++
      await new Promise(setImmediate)
    }
    assert.equal((await slow).status, 200)
    assert.ok(served > 20, `${served} requests were served meanwhile`)
  })

  test('a long batch gives others their turn', async () => {
    await using e = await testEngine(transitEngine())
    await e.write('keys/rsa', { type: 'rsa-4096' })
    await e.write('keys/k')
    const item = { input: Buffer.alloc(32, 1).toString('base64') }
    const order: string[] = []
    const batch = e
      .write('sign/rsa', { prehashed: true, batch_input: Array.from({ length: 60 }, () => item) })
      .then(() => order.push('batch'))
    await new Promise(setImmediate)
    await encrypt(e, 'k', { plaintext: 'YQ==' })
    order.push('other')
    await batch
    assert.deepEqual(order, ['other', 'batch'])
  })
})
