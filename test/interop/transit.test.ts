/**
 * Keys, ciphertexts, signatures and HMACs of the reference, used here: `transit-vectors.json` holds what it once made. With
 * `REFERENCE_BIN=/path/to/bao` the same the other way round, against a running one.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, suite, test } from 'node:test'
import { transitEngine } from '../../src/engines/secrets/transit/engine.ts'
import { testEngine, type EngineUnderTest } from '../support/engine.ts'
import { at, textAt } from '../support/json.ts'
import { noReference, startReference, type Reference } from '../support/reference.ts'

interface Vector {
  readonly name: string
  readonly type: string
  readonly context?: string
  readonly ciphertexts?: readonly {
    readonly plaintext: string
    readonly ciphertext: string
    readonly associated_data?: string
  }[]
  readonly signatures?: readonly { readonly signature: string; readonly public_key?: string }[]
  readonly hmacs: readonly {
    readonly input: string
    readonly algorithm: string
    readonly hmac: string
    readonly key_version: number
  }[]
  readonly public?: Readonly<Record<string, string>>
  readonly backup: string
}

const vectors: readonly Vector[] = JSON.parse(readFileSync(join(import.meta.dirname, 'transit-vectors.json'), 'utf8'))

const WRAPPED = [
  ['aes256-gcm96', 'SHA256'],
  ['rsa-2048', 'SHA1'],
  ['ed25519', 'SHA512'],
  ['ecdsa-p521', 'SHA384'],
  ['hmac', 'SHA224'],
] as const

function contextOf({ context }: Vector) {
  return context === undefined ? {} : { context }
}

suite('what the reference has made', () => {
  for (const vector of vectors) {
    const { name } = vector
    test(name, async () => {
      await using e = await testEngine(transitEngine())
      assert.equal((await e.write(`restore/${name}`, { backup: vector.backup })).status, 204)
      await decrypts(e, vector)
      await verifies(e, vector)
      for (const { hmac, ...asked } of vector.hmacs)
        assert.deepEqual((await e.write(`hmac/${name}`, asked)).data, { hmac })
      if (vector.public !== undefined) {
        for (const [version, key] of Object.entries(vector.public))
          assert.equal(
            JSON.parse((await e.read(`keys/${name}`)).source('data', 'keys', version, 'public_key') ?? ''),
            key,
          )
      }
    })
  }
})

async function decrypts(e: EngineUnderTest, vector: Vector): Promise<void> {
  const { name, ciphertexts = [] } = vector
  const context = contextOf(vector)
  for (const { plaintext, ...asked } of ciphertexts) {
    assert.deepEqual((await e.write(`decrypt/${name}`, { ...asked, ...context })).data, { plaintext })
    const { ciphertext, ...bound } = asked
    const [, version] = /^vault:v(\d+)/.exec(ciphertext) ?? []
    const again = { plaintext, ...bound, ...context, key_version: Number(version) }
    // The nonce follows from the plaintext, so the ciphertext is the reference's to the last byte.
    if (name.startsWith('convergent'))
      assert.equal(JSON.parse((await e.write(`encrypt/${name}`, again)).source('data', 'ciphertext') ?? ''), ciphertext)
  }
}

async function verifies(e: EngineUnderTest, { name, type, signatures = [] }: Vector): Promise<void> {
  for (const { public_key: publicKey, ...asked } of signatures) {
    const valid = await e.write(`verify/${name}`, asked)
    assert.deepEqual(valid.data, { valid: true }, `${JSON.stringify(asked)} ${valid.text}`)
    const other = await e.write(`verify/${name}`, { ...asked, input: Buffer.alloc(32, 8).toString('base64') })
    assert.notDeepEqual(other.data, { valid: true })
    if (type !== 'ed25519') continue
    const [, version] = /^vault:v(\d+)/.exec(asked.signature) ?? []
    const again = await e.write(`sign/${name}`, { ...asked, key_version: Number(version) })
    assert.equal(JSON.parse(again.source('data', 'signature') ?? ''), asked.signature)
    if (publicKey !== undefined) assert.equal(JSON.parse(again.source('data', 'public_key') ?? ''), publicKey)
  }
}

describe('the reference, beside this engine', { skip: noReference }, () => {
  let reference: Reference
  before(async () => {
    reference = await startReference()
    await asked('POST', 'sys/mounts/transit', { type: 'transit' })
  })
  after(() => reference[Symbol.asyncDispose]())

  /** The reference's data. */
  async function asked(method: string, path: string, body?: object): Promise<unknown> {
    const { status, json } = await reference.call(method, path, body)
    assert.ok(status < 300, `${path}: ${JSON.stringify(json)}`)
    return json === undefined ? undefined : at(json, 'data')
  }

  const input = Buffer.from('a message').toString('base64')

  for (const { name, type, context } of vectors) {
    test(`${name}: made here, used there`, async () => {
      await using e = await testEngine(transitEngine())
      const derived = context !== undefined
      const more = derived ? { derived, convergent_encryption: name.startsWith('convergent') } : {}
      const wished = { type, exportable: true, allow_plaintext_backup: true, ...more }
      assert.equal((await e.write(`keys/${name}`, wished)).status, 200)
      await e.write(`keys/${name}/rotate`)
      const backup = textOf(await e.read(`backup/${name}`), 'backup')
      await asked('POST', `transit/restore/${name}`, { backup, force: true })
      const bound = derived ? { context } : {}
      for (const version of [1, 2]) {
        const request = { input, key_version: version, ...bound }
        assert.deepEqual(
          (await e.write(`hmac/${name}`, request)).data,
          await asked('POST', `transit/hmac/${name}`, request),
        )
        const encrypted = await e.write(`encrypt/${name}`, { plaintext: input, key_version: version, ...bound })
        if (encrypted.status === 200) {
          const ciphertext = textOf(encrypted, 'ciphertext')
          assert.deepEqual(await asked('POST', `transit/decrypt/${name}`, { ciphertext, ...bound }), {
            plaintext: input,
          })
        }
        for (const way of waysOf(type)) {
          const signature = textOf(await e.write(`sign/${name}`, { ...request, ...way }), 'signature')
          const verified = await asked('POST', `transit/verify/${name}`, { ...request, ...way, signature })
          assert.deepEqual(verified, { valid: true }, JSON.stringify(way))
        }
      }
    })
  }

  for (const [type, hash] of WRAPPED) {
    test(`${type}: wrapped there and imported here, and back`, async () => {
      await using e = await testEngine(transitEngine())
      const publicKey = textOf(await e.read('wrapping_key'), 'public_key')
      await asked('POST', `transit/keys/here-${type}/import`, { type: 'rsa-4096', public_key: publicKey })
      const size = type === 'hmac' ? { key_size: 32 } : {}
      await asked('POST', `transit/keys/by-${type}`, { type, exportable: true, ...size })
      const wrapped = await asked('GET', `transit/byok-export/here-${type}/by-${type}?hash=${hash}`)
      const given = { type, exportable: true, ciphertext: textAt(wrapped, 'keys', '1'), hash_function: hash }
      assert.equal((await e.write('keys/k/import', given)).status, 204)
      const theirs = textAt(await asked('GET', 'transit/wrapping_key'), 'public_key')
      assert.equal((await e.write('keys/there/import', { type: 'rsa-4096', public_key: theirs })).status, 204)
      const back = await e.request('GET', `byok-export/there/k?hash=${hash}`)
      const ciphertext = textAt(back.data, 'keys', '1')
      await asked('POST', `transit/keys/back-${type}/import`, { type, ciphertext, hash_function: hash })
      // By the key itself, not by the one for HMACs, which stays where it is.
      const [path, proof] =
        type === 'aes256-gcm96' ? ['encrypt', 'ciphertext'] : type === 'hmac' ? ['hmac', 'hmac'] : ['sign', 'signature']
      const made = textOf(await e.write(`${path}/k`, { input, plaintext: input }), proof)
      const reply = await asked('POST', `transit/${type === 'aes256-gcm96' ? 'decrypt' : 'verify'}/back-${type}`, {
        input,
        [proof]: made,
      })
      assert.deepEqual(reply, type === 'aes256-gcm96' ? { plaintext: input } : { valid: true })
    })
  }
})

function textOf(answer: { source(...path: readonly string[]): string | undefined }, name: string): string {
  return JSON.parse(answer.source('data', name) ?? '""')
}

function waysOf(type: string): readonly object[] {
  const digest = Buffer.alloc(32, 9).toString('base64')
  if (type.startsWith('ecdsa')) return [{}, { marshaling_algorithm: 'jws' }, { prehashed: true, input: digest }]
  if (type === 'ed25519') return [{}]
  if (!type.startsWith('rsa')) return []
  return [
    {},
    { signature_algorithm: 'pkcs1v15' },
    { salt_length: 'hash' },
    { salt_length: '11' },
    { prehashed: true, input: digest },
    { prehashed: true, input: digest, signature_algorithm: 'pkcs1v15' },
    { prehashed: true, input: digest, signature_algorithm: 'pkcs1v15', hash_algorithm: 'none' },
  ]
}
