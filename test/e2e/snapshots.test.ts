/** Snapshots taken and restored: by servers in this process, whose stores can be looked into, and by one that is reached over HTTP. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Entry } from '../../src/storage/driver.ts'
import { storageErrors } from '../../src/errors/storage.ts'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { PassingDriver } from '../../src/storage/passing-driver.ts'
import { at } from '../support/json.ts'
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

test('while a restore runs the server says so, and not that it is sealed', async () => {
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  class SlowReplacing extends PassingDriver {
    override async replace(entries: AsyncIterable<readonly Entry[]>): Promise<number> {
      begun.resolve()
      await goOn.promise
      return super.replace(entries)
    }
  }
  await using server = await composedServer({ around: (driver) => new SlowReplacing(driver) })
  await withSecrets(server)
  const archive = await take(server)
  const restoring = server.call('POST', SNAPSHOT, archive)
  await begun.promise
  assert.equal(server.server.lifecycle.state(), 'restoring')
  for (const query of ['', '?standbyok=true']) {
    const { status, json } = await server.call('GET', `sys/health${query}`)
    assert.equal(status, 429)
    assert.deepEqual([at(json, 'sealed'), at(json, 'standby'), at(json, 'initialized')], [false, true, true])
  }
  assert.equal(at((await server.call('GET', 'sys/seal-status')).json, 'sealed'), false)
  for (const [method, path] of [
    ['GET', 'kv/data/s1'],
    ['POST', 'kv/data/s1'],
    ['GET', 'sys/mounts'],
  ] as const) {
    const { status, text } = await server.call(method, path)
    assert.equal(status, 503)
    assert.match(text, /a snapshot is being restored/)
  }
  goOn.resolve()
  assert.equal((await restoring).status, 204)
  assert.equal(server.server.lifecycle.state(), 'active')
  assert.equal((await server.call('GET', 'sys/health')).status, 200)
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

async function drilled(server: ComposedServer, body?: Uint8Array): Promise<Record<string, unknown>> {
  const begun = await server.call('POST', `${SNAPSHOT}-drill`, body)
  assert.equal(begun.status, 202, begun.text)
  for (let attempt = 0; attempt < 2000; attempt++) {
    const { text } = await server.call('GET', `${SNAPSHOT}-drill`)
    const { data } = JSON.parse(text)
    if (data.state !== 'running') return data
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('the drill did not end')
}

test('a drill finds the one entry that is damaged, and names it by its number alone', async () => {
  await using server = await composedServer()
  await withSecrets(server)
  assert.equal((await server.call('GET', `${SNAPSHOT}-drill`)).status, 404)
  const good = await drilled(server)
  assert.equal(good['state'], 'succeeded')
  assert.equal(good['opened'], (await stored(server)).length)
  assert.equal(good['damaged'], 0)

  const before = await stored(server)
  const at = before.findIndex(([key]) => key.startsWith('logical/'))
  const [key, value] = before[at] ?? ['', new Uint8Array(0)]
  const damaged = Uint8Array.from(value, (byte, i) => (i === value.length - 1 ? byte ^ 1 : byte))
  await server.driver.commit({ sequence: 0, keys: new Set(), prefixes: new Set() }, new Map([[key, damaged]]))
  const bad = await drilled(server)
  assert.equal(bad['state'], 'failed')
  assert.equal(bad['damaged'], 1)
  assert.deepEqual(bad['damaged_entries'], [at + 1])
  assert.equal(bad['opened'], before.length - 1)
  assert.doesNotMatch(JSON.stringify(bad), /logical/)
})

test('a drill of a snapshot of another vault is refused, and one at a time is enough', async () => {
  await using other = await composedServer()
  const foreign = await take(other)
  await using server = await composedServer()
  assert.equal((await server.call('POST', `${SNAPSHOT}-drill`, foreign)).status, 400)
  const archive = await take(server)
  const both = await Promise.all([
    server.call('POST', `${SNAPSHOT}-drill`, archive),
    server.call('POST', `${SNAPSHOT}-drill`, archive),
  ])
  assert.deepEqual(both.map(({ status }) => String(status)).toSorted(), ['202', '409'])
  // What clients that always send JSON send for nothing.
  await drilled(await composedServer(), Buffer.from('{}'))
})

test('CVE-2026-105816: what a snapshot brings in is judged by the rules of this server', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-restored-'))
  try {
    await using source = await composedServer()
    const raw = (key: string, value: string) => source.call('POST', `sys/raw/${key}`, { value })
    const device = (type: string, options: object) =>
      JSON.stringify({
        accessor: 'a',
        path: type === 'file' ? 'file/' : 'sh/',
        type,
        description: '',
        options,
        local: false,
        declared: false,
      })
    const within = join(folder, 'closed')
    mkdirSync(within)
    await raw('core/audit/devices/11111111-0000-0000-0000-000000000000', device('/bin/sh', {}))
    await raw(
      'core/audit/devices/22222222-0000-0000-0000-000000000000',
      device('file', { file_path: join(within, 'x') }),
    )
    for (const id of ['11111111', '22222222'])
      await raw(`core/audit/salts/${id}-0000-0000-0000-000000000000`, 'a-salt-that-is-long-enough')
    await raw('core/policies/root', 'path "*" { capabilities = ["deny"] }')
    const mounts = await source.call('GET', 'sys/raw/core/mounts?list=true')
    const [uuid = ''] = JSON.parse(mounts.text).data.keys
    const record = JSON.parse((await source.call('GET', `sys/raw/core/mounts/${uuid}`)).text).data.value
    await raw('core/mounts/../x', record)
    await raw(
      'core/mounts/33333333-0000-0000-0000-000000000000',
      record.replace(/"type":"[^"]+"/, '"type":"../../bin/sh"').replace(/"path":"[^"]+"/, '"path":"evil/"'),
    )
    const archive = await take(source)
    // There it was allowed.
    rmSync(join(within, 'x'))

    await using target = await composedServer({ auditForbiddenFolders: [within] })
    assert.equal((await target.call('POST', FORCE, archive)).status, 204)
    await target.unseal(source.keys)
    target.token = source.token
    // Devices that are not allowed here take no entries, so nothing is answered; and nothing was opened or run.
    const { status } = await target.call('GET', 'sys/mounts')
    assert.equal(status, 500)
    assert.deepEqual(readdirSync(within), [])
    for (const name of ['file', 'sh']) await target.call('DELETE', `sys/audit/${name}`)
    assert.match(String((await target.call('GET', 'evil/x')).status), /^40[04]$/)
    assert.match((await target.call('GET', 'sys/policies/acl/root')).text, /"policy":""/)
    assert.equal((await target.call('GET', 'auth/token/lookup-self')).status, 200)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the first start of another version is preceded by a snapshot, which is whole', async () => {
  await using server = await startServer({ config: 'raw_storage_endpoint = true' })
  const history = await server.call('GET', 'sys/raw/core/versions?list=true')
  const [version = ''] = JSON.parse(history.text).data.keys
  const record = JSON.parse((await server.call('GET', `sys/raw/core/versions/${version}`)).text).data.value
  // As if what runs here were newer than what ran before.
  await server.call('POST', 'sys/raw/core/versions/0.0.1', { value: record })
  await server.call('DELETE', `sys/raw/core/versions/${version}`)
  await server.kill('SIGTERM')
  await server.restart()
  await server.unseal()
  const folder = join(server.folder, 'data', 'snapshots')
  const names = readdirSync(folder)
  assert.equal(names.length, 1)
  assert.match(names[0] ?? '', new RegExp(`^before-${version.replaceAll('.', '\\.')}-\\d+\\.snap$`))
  const restored = await server.call('POST', SNAPSHOT, undefined, { bytes: readFileSync(join(folder, names[0] ?? '')) })
  assert.equal(restored.status, 204, restored.text)
  await server.kill('SIGTERM')
  await server.restart()
  await server.unseal()
  // The restored state was of before, so there is one more first start; of each version one snapshot is kept.
  assert.equal(readdirSync(folder).length, 1)
})
