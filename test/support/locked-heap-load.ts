/**
 * Run in a process with a small `--secure-heap`: more keys than fit into it, in use in every way that needs a private key. Prints how
 * many operations there were, the largest use of the heap, and whether a key can still be parsed.
 */
import assert from 'node:assert/strict'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { createPrivateKey, createPublicKey, generateKeyPairSync, secureHeapUsed, webcrypto } from 'node:crypto'
import { credentialConfig, makeCredential } from '../../src/engines/secrets/database/credentials.ts'
import { generatePair } from '../../src/engines/secrets/identity/oidc/algorithms.ts'
import { signCompact } from '../../src/engines/secrets/identity/oidc/jws.ts'
import { transitEngine } from '../../src/engines/secrets/transit/engine.ts'
import { wrapKey } from '../../src/engines/secrets/transit/crypto/key-wrap.ts'
import { pkcs8 } from '../../src/lib/secure/openssl-heap.ts'
import { testEngine, type EngineUnderTest } from './engine.ts'
import { textAt } from './json.ts'

const KEYS = 300
const CURVE_KEYS = 100
const SIGNATURES = 3000
const AT_ONCE = 100
const input = Buffer.from('what is signed').toString('base64')
const digest = Buffer.alloc(32, 7).toString('base64')

let most = 0
let operations = 0

async function written(e: EngineUnderTest, path: string, body: object = {}): Promise<unknown> {
  const { status, text, data } = await e.write(path, body)
  assert.ok(status < 300, `${path}: ${status} ${text}`)
  count()
  return data
}

async function read(e: EngineUnderTest, path: string): Promise<unknown> {
  const { status, text, data } = await e.read(path)
  assert.equal(status, 200, `${path}: ${text}`)
  count()
  return data
}

function count(): void {
  operations++
  most = Math.max(most, secureHeapUsed()?.used ?? 0)
}

/** By a CA with an RSA key. */
async function certificates(): Promise<void> {
  x509.cryptoProvider.set(webcrypto)
  const signingAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const made = { ...signingAlgorithm, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
  const keys = await webcrypto.subtle.generateKey(made, true, ['sign', 'verify'])
  const extensions = [new x509.BasicConstraintsExtension(true, undefined, true)]
  const ca = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=CA', keys, signingAlgorithm, extensions })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const given = new Map([
    ['common_name_template', '{{.RoleName}}'],
    ['ca_cert', ca.toString('pem')],
    ['ca_private_key', createPrivateKey(pkcs8(key)).export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['key_type', 'ed25519'],
  ])
  const wish = {
    namespaceId: 'root',
    passwordPolicy: '',
    displayName: '',
    roleName: 'app',
    now: 0,
    expiresAt: 3_600_000,
  }
  await atOnce(150, async () => {
    const type = 'client_certificate'
    const config = credentialConfig(type, given)
    await makeCredential({ ...wish, type, config }, { byPolicy: async () => '' })
    count()
  })
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
await imported(e, 'ecdsa-p521', ec.privateKey, CURVE_KEYS)

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
await atOnce(CURVE_KEYS, async (i) => {
  const name = `ecdsa-p521-${i}`
  const prehashed = i % 2 === 1
  const signature = textAt(await written(e, `sign/${name}`, { input: digest, prehashed }), 'signature')
  assert.deepEqual((await e.write(`verify/${name}`, { input: digest, prehashed, signature })).data, { valid: true })
  await written(e, `derive-key/of-${i}`, { base_key_name: name, peer_public_key: ec.publicKey })
})
await atOnce(CURVE_KEYS, async (i) => {
  for (const name of [`rsa-2048-${i}`, `ecdsa-p521-${i}`]) {
    if (i % 3 === 0) await written(e, `keys/${name}/csr`)
    await read(e, `export/signing-key/${name}`)
    const backup = textAt(await read(e, `backup/${name}`), 'backup')
    await written(e, `restore/again-${name}`, { backup })
  }
})
await written(e, 'keys/derived', { type: 'ed25519', derived: true })
await atOnce(600, async (i) => {
  const context = Buffer.from(String(i)).toString('base64')
  await written(e, `keys/new-${i}`, { type: ['ed25519', 'ecdsa-p256', 'slh-dsa-sha2-128f', 'ml-dsa-44'][i % 4] })
  await written(e, 'sign/derived', { input, context })
  if (i < 20) await written(e, `keys/new-rsa-${i}`, { type: 'rsa-2048' })
})
await certificates()
for (const alg of ['RS256', 'ES384', 'EdDSA'] as const)
  await atOnce(50, async () => {
    const pair = await generatePair(alg === 'RS256' ? 'ES256' : alg)
    for (let i = 0; i < 10; i++) signCompact('{}', pair)
    count()
  })
createPrivateKey({ key: rsa, format: 'der', type: 'pkcs8' })
console.log(JSON.stringify({ operations, most, total: secureHeapUsed()?.total }))
