/** Snapshots taken and restored: by servers in this process, whose stores can be looked into, and by one that is reached over HTTP. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Entry } from '../../src/storage/driver.ts'
import { storageErrors } from '../../src/errors/storage.ts'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { PassingDriver } from '../support/passing-driver.ts'
import { startServer } from '../support/server.ts'

const SNAPSHOT = 'sys/storage/raft/snapshot'
const FORCE = `${SNAPSHOT}-force`

async function take(server: ComposedServer): Promise<Buffer> {
  const { status, bytes } = await server.call('GET', SNAPSHOT)
  assert.equal(status, 200)
  return bytes
}

async function stored(server: ComposedServer): Promise<readonly Entry[]> {
  const snapshot = await server.driver.snapshot()
  const entries = await snapshot.entries({ prefix: '' })
  snapshot.close()
  return entries
}

/** Equal for equal bytes, whatever holds them. */
function asText(entries: readonly Entry[]): readonly string[] {
  return entries.map(([key, value]) => `${key} ${Buffer.from(value).toString('hex')}`)
}

async function withSecrets(server: ComposedServer): Promise<void> {
  await server.call('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })
  for (let i = 0; i < 50; i++) await server.call('POST', `kv/data/s${i}`, { data: { n: i } })
  await server.call('POST', 'sys/policies/acl/reader', { policy: 'path "kv/*" { capabilities = ["read"] }' })
}

const dataOf = async (server: ComposedServer, path: string): Promise<string> => {
  const { status, text } = await server.call('GET', path)
  return `${status} ${/"data":\{"data":(\{.*?\})/.exec(text)?.[1] ?? ''}`
}

test('everything is as it was, and the server goes on', async () => {
  await using server = await composedServer()
  await withSecrets(server)
  const early = (await server.call('POST', 'auth/token/create', { policies: ['reader'] })).text
  const before = await stored(server)
  const archive = await take(server)

  await server.call('POST', 'kv/data/s1', { data: { n: 'changed' } })
  await server.call('DELETE', 'kv/metadata/s2')
  await server.call('POST', 'sys/mounts/later', { type: 'kv' })
  await server.call('DELETE', 'sys/policies/acl/reader')
  await server.call('POST', 'sys/rotate')
  const late = (await server.call('POST', 'auth/token/create', {})).text

  assert.equal((await server.call('POST', SNAPSHOT, archive)).status, 204)
  assert.equal(await dataOf(server, 'kv/data/s1'), '200 {"n":1}')
  assert.equal(await dataOf(server, 'kv/data/s2'), '200 {"n":2}')
  assert.equal((await server.call('GET', 'later/x')).status, 404)
  assert.doesNotMatch((await server.call('GET', 'sys/mounts')).text, /later/)
  const tokenOf = (text: string): string => /"client_token":"([^"]+)"/.exec(text)?.[1] ?? ''
  assert.equal((await server.call('GET', 'kv/data/s3', undefined, { token: tokenOf(early) })).status, 200)
  assert.equal((await server.call('GET', 'auth/token/lookup-self', undefined, { token: tokenOf(late) })).status, 403)
  assert.match((await server.call('GET', 'sys/key-status')).text, /"term":1,/)

  // Only what the server writes of itself when it becomes active may be new.
  const after = await stored(server)
  assert.deepEqual(
    after.map(([key]) => key),
    before.map(([key]) => key),
  )
  const changed = before.filter(
    ([key, value], i) => key !== 'core/keyring' && Buffer.compare(value, after[i]?.[1] ?? value) !== 0,
  )
  assert.deepEqual(
    changed.map(([key]) => key),
    [],
  )

  // It can be sealed, and opened again with its shares.
  await server.server.lifecycle.seal()
  await server.unseal()
  assert.equal(await dataOf(server, 'kv/data/s49'), '200 {"n":49}')
  assert.equal((await server.call('POST', 'kv/data/s1', { data: { n: 2 } })).status, 200)
  await server.restart()
  assert.equal(await dataOf(server, 'kv/data/s1'), '200 {"n":2}')
})

test('forward again to a later state, whose keys the earlier one had not', async () => {
  await using server = await composedServer()
  const first = await take(server)
  await withSecrets(server)
  await server.call('POST', 'sys/rotate')
  await server.call('POST', 'kv/data/s0', { data: { n: 'later' } })
  const second = await take(server)
  assert.equal((await server.call('POST', SNAPSHOT, first)).status, 204)
  assert.equal((await server.call('GET', 'kv/data/s0')).status, 404)
  assert.equal((await server.call('POST', SNAPSHOT, second)).status, 204)
  assert.equal(await dataOf(server, 'kv/data/s0'), '200 {"n":"later"}')
  assert.match((await server.call('GET', 'sys/key-status')).text, /"term":2,/)
})

test('another vault comes in by force alone, and opens with its own shares', async () => {
  await using source = await composedServer()
  await withSecrets(source)
  const archive = await take(source)
  await using empty = await composedServer()
  const own = empty.token

  const refused = await empty.call('POST', SNAPSHOT, archive)
  assert.equal(refused.status, 400)
  assert.match(refused.text, /of another vault.*snapshot-force/)
  assert.equal((await empty.call('GET', 'auth/token/lookup-self')).status, 200)

  assert.equal((await empty.call('POST', FORCE, archive)).status, 204)
  assert.equal(empty.server.lifecycle.state(), 'sealed')
  assert.equal((await empty.call('GET', 'auth/token/lookup-self')).status, 503)
  // Sealed, nothing has been written to it since: not one entry differs.
  assert.deepEqual(asText(await stored(empty)), asText(await stored(source)))

  await assert.rejects(empty.unseal(), { code: 'SEAL_WRONG_KEY' })
  await empty.unseal(source.keys)
  assert.equal(empty.server.lifecycle.state(), 'active')
  assert.equal((await empty.call('GET', 'auth/token/lookup-self', undefined, { token: own })).status, 403)
  empty.token = source.token
  for (let i = 0; i < 50; i++) assert.equal(await dataOf(empty, `kv/data/s${i}`), `200 {"n":${i}}`)
  // From here on it is that vault.
  assert.equal((await empty.call('POST', SNAPSHOT, archive)).status, 204)
  assert.equal(empty.server.lifecycle.state(), 'active')
})

test('what is cut, changed, or no snapshot at all changes nothing', async () => {
  await using server = await composedServer()
  await withSecrets(server)
  const archive = await take(server)
  await server.call('POST', 'kv/data/s1', { data: { n: 'new' } })
  const before = await stored(server)
  const flipped = (at: number): Buffer => {
    const out = Buffer.from(archive)
    out[at] = (out[at] ?? 0) ^ 1
    return out
  }
  const bad = [
    Buffer.alloc(0),
    Buffer.from('{}'),
    ...Array.from({ length: 20 }, () => archive.subarray(0, Math.floor(Math.random() * archive.length))),
    ...Array.from({ length: 20 }, () => flipped(10 + Math.floor(Math.random() * (archive.length - 10)))),
  ]
  for (const path of [SNAPSHOT, FORCE]) {
    for (const body of bad) {
      const { status, text } = await server.call('POST', path, body)
      assert.equal(status, 400, text)
      assert.match(text, /snapshot/)
    }
  }
  assert.deepEqual(asText(await stored(server)), asText(before))
  assert.equal(await dataOf(server, 'kv/data/s1'), '200 {"n":"new"}')
})

test('where the storage fails, the server goes on with what it had', async () => {
  class NoReplacing extends PassingDriver {
    override async replace(): Promise<number> {
      throw storageErrors.FULL()
    }
  }
  await using server = await composedServer({ around: (driver) => new NoReplacing(driver) })
  await withSecrets(server)
  const archive = await take(server)
  for (const path of [SNAPSHOT, FORCE]) {
    assert.equal((await server.call('POST', path, archive)).status, 507)
    assert.equal(server.server.lifecycle.state(), 'active')
    assert.equal(await dataOf(server, 'kv/data/s1'), '200 {"n":1}')
    assert.equal((await server.call('POST', 'kv/data/s1', { data: { n: 1 } })).status, 200)
  }
})

test('a write that was on its way when the state changed is not carried out in the new one', async () => {
  await using server = await composedServer()
  await withSecrets(server)
  const archive = await take(server)
  const late = Promise.withResolvers<void>()
  const writing = server.call('POST', 'kv/data/late', { data: { n: 1 } }, { late: late.promise })
  assert.equal((await server.call('POST', SNAPSHOT, archive)).status, 204)
  late.resolve()
  assert.equal((await writing).status, 503)
  assert.equal((await server.call('GET', 'kv/data/late')).status, 404)
})

test('who may do it', async () => {
  await using server = await composedServer()
  const archive = await take(server)
  await server.call('POST', 'sys/policies/acl/backup', {
    policy: `path "${SNAPSHOT}" { capabilities = ["read"] }\npath "${FORCE}" { capabilities = ["update"] }`,
  })
  const made = await server.call('POST', 'auth/token/create', { policies: ['backup'] })
  const token = /"client_token":"([^"]+)"/.exec(made.text)?.[1] ?? ''
  const as = (method: string, path: string, who: string, body?: Uint8Array) =>
    server.call(method, path, body, { token: who }).then(({ status }) => status)
  assert.equal(await as('GET', SNAPSHOT, token), 200)
  assert.equal(await as('POST', SNAPSHOT, token, archive), 403)
  assert.equal(await as('POST', FORCE, token, archive), 403)
  assert.equal(await as('POST', `${SNAPSHOT}-drill`, token), 403)
  assert.equal(await as('GET', SNAPSHOT, ''), 403)
  assert.equal(await as('POST', FORCE, '', archive), 403)
  await server.server.lifecycle.seal()
  assert.equal(await as('GET', SNAPSHOT, server.token), 503)
  assert.equal(await as('POST', FORCE, server.token, archive), 503)
})

test('over HTTP: a body beyond the limits of others, audited without it, and nothing left behind', async () => {
  await using server = await startServer({ audit: true, listener: 'max_request_size = 2000' })
  const big = 'x'.repeat(1500)
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  for (let i = 0; i < 60; i++) await server.call('POST', `kv/s${i}`, { big })
  const taken = await server.call('GET', SNAPSHOT)
  assert.equal(taken.headers['content-type'], 'application/gzip')
  assert.ok(taken.bytes.length > 60_000)
  await server.call('DELETE', 'kv/s7')
  const restored = await server.call('PUT', SNAPSHOT, undefined, { bytes: taken.bytes })
  assert.equal(restored.status, 204, restored.text)
  assert.equal((await server.call('GET', 'kv/s7')).status, 200)
  assert.equal((await server.call('POST', 'kv/s7', { big: big + big })).status, 413)
  const half = taken.bytes.subarray(0, taken.bytes.length / 2)
  assert.equal((await server.call('PUT', SNAPSHOT, undefined, { bytes: half })).status, 400)
  assert.deepEqual(
    readdirSync(join(server.folder, 'data')).filter((name) => name.startsWith('snapshot')),
    [],
  )
  const entries = readFileSync(server.auditFile, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line.includes('"path":"sys/storage/raft/snapshot"'))
  assert.equal(entries.length, 6)
  for (const line of entries) assert.ok(line.length < 3000, line)
  assert.match(server.output, /a snapshot is put in place of everything/)
})
