/** Transit: keys stay where they are, what a key forbids is forbidden on every thread at once, and nothing of a secret stands in a log. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { tokenWith, until } from '../support/callers.ts'
import { request, type Answer } from '../support/http.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const CONNECTIONS = 12
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('transit', () => {
  let server: TestServer
  let agents: http.Agent[]
  before(async () => {
    server = await startServer({ audit: true, config: 'serving_threads = 3' })
    await server.call('POST', 'sys/mounts/transit', { type: 'transit' })
    // A connection each, so that every thread gets some.
    agents = Array.from({ length: CONNECTIONS }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }))
  })
  after(async () => {
    for (const agent of agents) agent.destroy()
    await server[Symbol.asyncDispose]()
  })

  const everywhere = (method: string, path: string, body: object, token = server.token): Promise<Answer[]> =>
    Promise.all(agents.map((agent) => request(server.address, method, `/v1/${path}`, { token, agent, body })))

  const data = async (method: string, path: string, body?: object): Promise<unknown> => {
    const { status, json, text } = await server.call(method, path, body)
    assert.ok(status < 300, `${path}: ${text}`)
    return json === undefined ? undefined : at(json, 'data')
  }

  test('writes nothing of keys and plaintexts into audit entries, logs or refusals', async () => {
    const secrets: string[] = []
    for (const type of ['aes256-gcm96', 'ed25519', 'rsa-2048', 'ml-dsa-44']) {
      const name = `audited-${type}`
      await data('POST', `transit/keys/${name}`, { type, exportable: true, allow_plaintext_backup: true })
      secrets.push(textAt(await data('GET', `transit/backup/${name}`), 'backup'))
      const what = type === 'aes256-gcm96' ? 'encryption-key' : 'signing-key'
      secrets.push(textAt(await data('GET', `transit/export/${what}/${name}`), 'keys', '1'))
      secrets.push(textAt(await data('GET', `transit/export/hmac-key/${name}`), 'keys', '1'))
    }
    const plaintext = base64('canary canary canary')
    const wrapped = await data('POST', 'transit/datakey/plaintext/audited-aes256-gcm96')
    const ciphertext = textAt(await data('POST', 'transit/encrypt/audited-aes256-gcm96', { plaintext }), 'ciphertext')
    await data('POST', 'transit/decrypt/audited-aes256-gcm96', { ciphertext })
    await data('POST', 'transit/decrypt/audited-aes256-gcm96', { batch_input: [{ ciphertext }] })
    secrets.push(plaintext, textAt(wrapped, 'plaintext'))
    for (const backup of secrets.slice(0, 3)) {
      for (const [path, body] of [
        ['restore/x', { backup: backup.slice(0, -8) }],
        ['keys/x/import', { ciphertext: backup }],
        ['keys/x', { type: backup }],
        [
          'encrypt/audited-aes256-gcm96',
          { batch_input: [{ plaintext: `${plaintext}!` }, { plaintext: 1, context: backup }] },
        ],
        ['sign/audited-ed25519', { input: `!${backup}`, hash_algorithm: backup }],
      ] as const) {
        const refused = await server.call('POST', `transit/${path}`, body)
        assert.equal(refused.status, 400, refused.text)
        for (const secret of secrets) assert.ok(!refused.text.includes(secret.slice(0, 20)), `${path}: ${refused.text}`)
      }
    }
    const written = readFileSync(server.auditFile, 'utf8') + server.output
    assert.ok(written.includes('transit/backup/audited-rsa-2048'))
    for (const secret of secrets) assert.ok(!written.includes(secret.slice(0, 40)), secret.slice(0, 12))
  })

  test('a key is made by whoever may create it, by one request, and used by whoever may update it', async () => {
    const creator = await tokenWith(server, 'path "transit/encrypt/*" { capabilities = ["create"] }')
    const user = await tokenWith(server, 'path "transit/encrypt/*" { capabilities = ["update"] }')
    const body = { plaintext: base64('x') }
    for (const { status } of await everywhere('POST', 'transit/encrypt/made', body, user)) assert.equal(status, 403)
    assert.equal((await server.call('GET', 'transit/keys/made')).status, 404)
    const made = await everywhere('POST', 'transit/encrypt/made', body, creator)
    const well = made.filter(({ status }) => status === 200)
    assert.ok(well.length >= 1)
    for (const { status } of made) assert.ok(status === 200 || status === 403)
    for (const { json } of well)
      assert.deepEqual(
        await data('POST', 'transit/decrypt/made', { ciphertext: textAt(json, 'data', 'ciphertext') }),
        body,
      )
    for (const { status } of await everywhere('POST', 'transit/encrypt/made', body, user)) assert.equal(status, 200)
    for (const { status } of await everywhere('POST', 'transit/encrypt/made', body, creator)) assert.equal(status, 403)
  })

  test('is audited once, whichever thread answers and whoever makes the key', async () => {
    for (let i = 0; i < 5; i++) await everywhere('POST', `transit/encrypt/once-${i}`, { plaintext: base64('x') })
    const entries = () =>
      readFileSync(server.auditFile, 'utf8')
        .split('\n')
        .filter((line) => line.includes('transit/encrypt/once-'))
        .map((line): unknown => JSON.parse(line))
    await until('all entries are there', async () => (entries().length >= 10 * CONNECTIONS ? true : undefined))
    const counts = new Map<string, number>()
    for (const entry of entries()) {
      const id = `${textAt(entry, 'type')} ${textAt(entry, 'request', 'id')}`
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    assert.equal(counts.size, 10 * CONNECTIONS)
    assert.ok([...counts.values()].every((count) => count === 1))
  })

  test('what is forbidden is forbidden at once, wherever one asks', async () => {
    await data('POST', 'transit/keys/strict')
    const input = { plaintext: base64('x') }
    const ciphertext = textAt(await data('POST', 'transit/encrypt/strict', input), 'ciphertext')
    for (let version = 2; version <= 6; version++) {
      await everywhere('POST', 'transit/decrypt/strict', { ciphertext })
      await data('POST', 'transit/keys/strict/rotate')
      for (const { json } of await everywhere('POST', 'transit/encrypt/strict', input))
        assert.equal(at(json, 'data', 'key_version'), version)
    }
    await data('POST', 'transit/keys/strict/config', { min_decryption_version: 2 })
    for (const { status } of await everywhere('POST', 'transit/decrypt/strict', { ciphertext }))
      assert.equal(status, 400)
    await data('POST', 'transit/keys/strict/config', { min_decryption_version: 1, deletion_allowed: true })
    for (const { status } of await everywhere('POST', 'transit/decrypt/strict', { ciphertext }))
      assert.equal(status, 200)
    await data('DELETE', 'transit/keys/strict')
    for (const { status } of await everywhere('POST', 'transit/decrypt/strict', { ciphertext }))
      assert.equal(status, 400)
    await data('POST', 'transit/keys/strict')
    for (const { status } of await everywhere('POST', 'transit/decrypt/strict', { ciphertext }))
      assert.equal(status, 400)
  })

  test('leave to export cannot be taken back, and none is given by reading', async () => {
    await data('POST', 'transit/keys/stays', { type: 'ed25519' })
    for (const what of ['signing-key', 'hmac-key'])
      assert.equal((await server.call('GET', `transit/export/${what}/stays`)).status, 400)
    assert.equal((await server.call('GET', 'transit/backup/stays')).status, 400)
    await data('POST', 'transit/keys/stays/config', { exportable: true, allow_plaintext_backup: true })
    const told = await data('POST', 'transit/keys/stays/config', { exportable: false, allow_plaintext_backup: false })
    assert.equal(at(told, 'exportable'), true)
    assert.equal(at(told, 'allow_plaintext_backup'), true)
    assert.equal((await server.call('DELETE', 'transit/keys/stays')).status, 400)
    const key = textAt(await data('GET', 'transit/export/signing-key/stays'), 'keys', '1')
    for (const path of ['keys/stays', 'export/public-key/stays'])
      assert.ok(!(await server.call('GET', `transit/${path}`)).text.includes(key.slice(0, 40)))
  })

  test('an item that fails tells of no other', async () => {
    await data('POST', 'transit/keys/batch')
    const ciphertext = textAt(
      await data('POST', 'transit/encrypt/batch', { plaintext: base64('canary') }),
      'ciphertext',
    )
    const failing = [
      { ciphertext: 'nothing' },
      { ciphertext: `vault:v1:${base64('x'.repeat(40))}` },
      { ciphertext: 'vault:v7:AAAA' },
    ]
    for (const bad of failing) {
      const { status, json } = await server.call('POST', 'transit/decrypt/batch', {
        batch_input: [{ ciphertext }, bad],
      })
      assert.equal(status, 400)
      const [good, other] = listAt(json, 'data', 'batch_results')
      assert.equal(textAt(good, 'plaintext'), base64('canary'))
      assert.deepEqual(Object.keys(Object(other)).toSorted(), ['error', 'plaintext', 'reference'])
      assert.equal(textAt(other, 'plaintext'), '')
      assert.ok(!textAt(other, 'error').includes(base64('canary')))
    }
  })

  test('ends with its mount: keys are gone from the storage and from every thread', async () => {
    await data('POST', 'sys/mounts/short', { type: 'transit' })
    const ciphertext = textAt(await data('POST', 'short/encrypt/k', { plaintext: base64('x') }), 'ciphertext')
    await everywhere('POST', 'short/decrypt/k', { ciphertext })
    await data('DELETE', 'sys/mounts/short')
    await data('POST', 'sys/mounts/short', { type: 'transit' })
    for (const { status } of await everywhere('POST', 'short/decrypt/k', { ciphertext })) assert.equal(status, 400)
    assert.equal((await server.call('LIST', 'short/keys')).status, 404)
  })
})
