/**
 * Run in a process with a small `--secure-heap`: more keys than fit into it, in use in every way that needs a private key. Prints how
 * many operations there were, the largest use of the heap, and whether a key can still be parsed.
 */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, secureHeapUsed } from 'node:crypto'
import { transitEngine } from '../../src/engines/secrets/transit/engine.ts'
import { wrapKey } from '../../src/engines/secrets/transit/crypto/key-wrap.ts'
import { testEngine, type EngineUnderTest } from './engine.ts'
import { textAt } from './json.ts'

const KEYS = 300
const SIGNATURES = 3000
const AT_ONCE = 100
const input = Buffer.from('what is signed').toString('base64')
const digest = Buffer.alloc(32, 7).toString('base64')

let most = 0
let operations = 0

async function written(e: EngineUnderTest, path: string, body: object = {}): Promise<unknown> {
  const { status, text, data } = await e.write(path, body)
  assert.ok(status < 300, `${path}: ${status} ${text}`)
  operations++
  most = Math.max(most, secureHeapUsed()?.used ?? 0)
  return data
}

async function read(e: EngineUnderTest, path: string, body: object = {}): Promise<unknown> {
  const { status, text, data } = await e.read(path, body)
  assert.equal(status, 200, `${path}: ${text}`)
  operations++
  most = Math.max(most, secureHeapUsed()?.used ?? 0)
  return data
}

async function atOnce(times: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < times) await work(next++)
    }),
  )
}

async function imported(e: EngineUnderTest, type: string, der: Buffer, count: number): Promise<void> {
  const wrapping = createPublicKey(textAt((await e.read('wrapping_key')).data, 'public_key'))
  const ciphertext = wrapKey(wrapping, der, 'sha256').toString('base64')
  const more = { type, exportable: true, allow_plaintext_backup: true, allow_rotation: true }
  for (let i = 0; i < count; i++) await written(e, `keys/${type}-${i}/import`, { ciphertext, ...more })
}

await using e = await testEngine(transitEngine())
const encodings = {
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  publicKeyEncoding: { format: 'pem', type: 'spki' },
} as const
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings }).privateKey
const ec = generateKeyPairSync('ec', { namedCurve: 'P-521', ...encodings })
await imported(e, 'rsa-2048', rsa, KEYS)
await imported(e, 'ecdsa-p521', ec.privateKey, KEYS)

const schemes = [
  { signature_algorithm: 'pkcs1v15' },
  { signature_algorithm: 'pss' },
  { signature_algorithm: 'pkcs1v15', prehashed: true, input: digest },
  { signature_algorithm: 'pss', prehashed: true, input: digest },
]
const ciphertext = textAt(await written(e, 'encrypt/rsa-2048-0', { plaintext: input }), 'ciphertext')
await atOnce(SIGNATURES, async (i) => {
  const name = `rsa-2048-${i % KEYS}`
  const scheme = { input, ...schemes[Math.floor(i / KEYS) % schemes.length] }
  const signature = textAt(await written(e, `sign/${name}`, scheme), 'signature')
  if (i % 10 === 0) assert.equal(textAt(await written(e, `decrypt/${name}`, { ciphertext }), 'plaintext'), input)
  if (i % 50 > 0) return
  const { data } = await e.write(`verify/${name}`, { ...scheme, signature })
  assert.deepEqual(data, { valid: true })
})
await atOnce(KEYS, async (i) => {
  const name = `ecdsa-p521-${i}`
  const prehashed = i % 2 === 1
  const signature = textAt(await written(e, `sign/${name}`, { input: digest, prehashed }), 'signature')
  assert.deepEqual((await e.write(`verify/${name}`, { input: digest, prehashed, signature })).data, { valid: true })
  await written(e, `derive-key/of-${i}`, { base_key_name: name, peer_public_key: ec.publicKey })
})
await atOnce(KEYS, async (i) => {
  for (const name of [`rsa-2048-${i}`, `ecdsa-p521-${i}`]) {
    if (i % 3 === 0) await written(e, `keys/${name}/csr`)
    await read(e, `export/signing-key/${name}`)
    const backup = textAt(await read(e, `backup/${name}`), 'backup')
    await written(e, `restore/again-${name}`, { backup })
  }
})
await written(e, 'keys/derived', { type: 'ed25519', derived: true })
await atOnce(1000, async (i) => {
  const context = Buffer.from(String(i)).toString('base64')
  await written(e, `keys/new-${i}`, { type: ['ed25519', 'ecdsa-p256', 'slh-dsa-sha2-128f', 'ml-dsa-44'][i % 4] })
  await written(e, 'sign/derived', { input, context })
  if (i < 60) await written(e, `keys/new-rsa-${i}`, { type: 'rsa-2048' })
})
createPrivateKey({ key: rsa, format: 'der', type: 'pkcs8' })
console.log(JSON.stringify({ operations, most, total: secureHeapUsed()?.total }))
