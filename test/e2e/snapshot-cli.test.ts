/** `operator raft snapshot` and `operator snapshot drill`, against a server over HTTP. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '../support/callers.ts'
import { textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { invoke, type Outcome } from './cli/transcript.ts'

let server: TestServer
let folder: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coffer-snapshot-cli-'))
  server = await startServer()
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  for (let i = 0; i < 20; i++) await server.call('POST', `kv/s${i}`, { n: i })
})
after(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function coffer(line: string, token = server.token): Promise<Outcome> {
  return invoke(line.split(' '), '', { address: server.address, home: folder, env: { VAULT_TOKEN: token } })
}

test('save, inspect, restore', async () => {
  const file = join(folder, 'a.snap')
  assert.deepEqual(await coffer(`operator raft snapshot save ${file}`), { code: 0, stdout: '', stderr: '' })
  assert.equal(statSync(file).mode & 0o777, 0o600)

  const table = await coffer(`operator raft snapshot inspect ${file}`)
  assert.equal(table.code, 0, table.stderr)
  assert.match(table.stdout, /^StorageType +lmdb$/m)
  assert.match(table.stdout, /^Key Name +Count +Size$/m)
  assert.match(table.stdout, /^core\/mounts +\d+ +[\d.]+KB$/m)
  const json = await coffer(`operator raft snapshot inspect -format=json -depth=2 ${file}`)
  const { Meta, Entries, StatsKV, TotalCountKV } = JSON.parse(json.stdout)
  assert.equal(Meta.Size, statSync(file).size)
  assert.equal(Entries, TotalCountKV)
  const mount = textAt((await server.call('GET', 'sys/mounts')).json, 'data', 'kv/', 'uuid')
  const counted = new Map(StatsKV.map((row: { Name: string; Count: number }) => [row.Name, row.Count]))
  assert.equal(counted.get(`logical/${mount}`), 20, json.stdout)

  await server.call('DELETE', 'kv/s3')
  assert.deepEqual(await coffer(`operator raft snapshot restore ${file}`), { code: 0, stdout: '', stderr: '' })
  assert.equal((await server.call('GET', 'kv/s3')).status, 200)
})

test('files that are no snapshots, or not there', async () => {
  const good = join(folder, 'b.snap')
  await coffer(`operator raft snapshot save ${good}`)
  const cut = join(folder, 'cut.snap')
  writeFileSync(cut, readFileSync(good).subarray(0, -40))
  for (const verb of ['inspect', 'restore', 'restore -force']) {
    const { code, stderr } = await coffer(`operator raft snapshot ${verb} ${cut}`)
    assert.equal(code, 2)
    assert.match(stderr, /the snapshot is not whole: it cannot be decompressed/)
  }
  const absent = await coffer('operator raft snapshot restore no-such-file')
  assert.equal(absent.code, 2)
  assert.match(absent.stderr, /Error opening snapshot file: ENOENT/)
  assert.equal((await coffer('operator raft snapshot save')).code, 1)
})

test('a save that fails leaves the file that was there', async () => {
  const file = join(folder, 'kept.snap')
  writeFileSync(file, 'yesterday')
  const { code, stderr } = await coffer(`operator raft snapshot save ${file}`, 'nobody')
  assert.equal(code, 2)
  assert.match(stderr, /Error taking the snapshot: [^]*permission denied/)
  assert.equal(readFileSync(file, 'utf8'), 'yesterday')
})

test('what a dry run tells', async () => {
  const policy = await coffer('operator raft snapshot save -output-policy x.snap')
  assert.match(policy.stdout, /path "sys\/storage\/raft\/snapshot" \{\n {2}capabilities = \["read"\]/)
})

test('a drill takes a snapshot where there is no automatic one, or is given one, and reads back all of it', async () => {
  const taken = await coffer('operator snapshot drill')
  assert.equal(taken.code, 0, taken.stderr + taken.stdout)
  assert.match(taken.stderr, /^There are no automatic snapshots: one is taken for the drill$/m)
  assert.match(taken.stdout, /^Snapshot +taken for the drill$/m)
  const [, restored = '', opened = ''] = /Entries Restored +(\d+)\nEntries Read Back +(\d+)/.exec(taken.stdout) ?? []
  assert.equal(restored, opened)
  assert.ok(Number(opened) > 25)
  const file = join(folder, 'c.snap')
  await coffer(`operator raft snapshot save ${file}`)
  const given = await coffer(`operator snapshot drill -format=json ${file}`)
  assert.equal(given.code, 0, given.stderr)
  const report = JSON.parse(given.stdout)
  assert.equal(report.source, 'given')
  assert.equal(report.opened, report.entries)
  writeFileSync(file, readFileSync(file).subarray(0, -1))
  assert.equal((await coffer(`operator snapshot drill ${file}`)).code, 2)
  writeFileSync(file, '')
  assert.match((await coffer(`operator snapshot drill ${file}`)).stderr, /c\.snap is empty/)
  assert.equal((await coffer(`operator snapshot drill -now ${file}`)).code, 1)
})

test('a drill proves the newest automatic snapshot, and tells which one and how old it is', async () => {
  const kept = join(folder, 'kept')
  const path = 'sys/storage/raft/snapshot-auto'
  const config = { interval: '24h', storage_type: 'local', path_prefix: kept, local_max_space: 1e9, retain: 3 }
  assert.equal((await server.call('POST', `${path}/config/daily`, config)).status, 204)
  const taken = () => (existsSync(kept) ? readdirSync(kept).filter((name) => name.endsWith('.snap')) : [])
  const [name = ''] = await until('the first one', () => (taken().length > 0 ? taken() : undefined))
  const drilled = await coffer('operator snapshot drill')
  assert.equal(drilled.code, 0, drilled.stderr + drilled.stdout)
  assert.match(drilled.stderr, new RegExp(`newest automatic one, of "daily": file://${join(kept, name)}`))
  assert.match(drilled.stdout, /^Snapshot +newest automatic one$/m)
  assert.match(drilled.stdout, /^Configuration +daily$/m)
  assert.match(drilled.stdout, new RegExp(`^Location +file://${join(kept, name)}$`, 'm'))
  assert.match(drilled.stdout, /^Snapshot Age +(\d+m)?\d+s$/m)

  const now = await coffer('operator snapshot drill -now')
  assert.equal(now.code, 0, now.stderr)
  assert.match(now.stdout, /^Snapshot +taken for the drill$/m)

  // Damaged where it lies: the drill finds that out.
  const whole = readFileSync(join(kept, name))
  writeFileSync(join(kept, name), whole.subarray(0, -40))
  const damaged = await coffer('operator snapshot drill')
  assert.equal(damaged.code, 2)
  assert.match(damaged.stdout, /^Error +the snapshot is not whole/m)
  assert.equal((await server.call('DELETE', `${path}/config/daily`)).status, 204)
})
