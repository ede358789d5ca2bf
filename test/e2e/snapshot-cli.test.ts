/** `operator raft snapshot` and `operator snapshot drill`, against a server over HTTP. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
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
  const json = await coffer(`operator raft snapshot inspect -format=json -depth=1 ${file}`)
  const { Meta, Entries, StatsKV, TotalCountKV } = JSON.parse(json.stdout)
  assert.equal(Meta.Size, statSync(file).size)
  assert.equal(Entries, TotalCountKV)
  assert.ok(StatsKV.some((row: { Name: string; Count: number }) => row.Name === 'logical' && row.Count === 20))

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

test('a drill takes a snapshot, or is given one, and reads back all of it', async () => {
  const taken = await coffer('operator snapshot drill')
  assert.equal(taken.code, 0, taken.stderr + taken.stdout)
  const [, restored = '', opened = ''] = /Entries Restored +(\d+)\nEntries Read Back +(\d+)/.exec(taken.stdout) ?? []
  assert.equal(restored, opened)
  assert.ok(Number(opened) > 25)
  const file = join(folder, 'c.snap')
  await coffer(`operator raft snapshot save ${file}`)
  const given = await coffer(`operator snapshot drill -format=json ${file}`)
  assert.equal(given.code, 0, given.stderr)
  const report = JSON.parse(given.stdout)
  assert.equal(report.given, true)
  assert.equal(report.opened, report.entries)
  writeFileSync(file, readFileSync(file).subarray(0, -1))
  assert.equal((await coffer(`operator snapshot drill ${file}`)).code, 2)
})
