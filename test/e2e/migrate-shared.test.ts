/** `operator migrate` as a process, between all kinds of storage: there and back, interrupted and resumed, and refused where a server leads. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { until } from '../support/callers.ts'
import { healthOf } from '../support/cluster.ts'
import { noEtcd, TestEtcd } from '../support/etcd.ts'
import { at } from '../support/json.ts'
import { clusterStanza, startPostgres, withoutPostgres, type TestPostgres } from '../support/postgres.ts'
import { coffer, startServer, type TestServer } from '../support/server.ts'

const ENTRIES = 60

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

describe('moving house', { skip: withoutPostgres() || noEtcd }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-moves-'))
  const values = Array.from({ length: ENTRIES }, () => randomBytes(300_000).toString('base64'))
  let postgres: TestPostgres
  let etcd: TestEtcd
  let source: TestServer
  let stanzas: Readonly<Record<'lmdb' | 'postgresql' | 'etcd' | 'back', string>>
  const hashes = new Map<string, string>()

  /** @param during what is done while it runs. */
  async function migrate(
    from: keyof typeof stanzas,
    to: keyof typeof stanzas,
    during?: (signal: (name: NodeJS.Signals) => void) => Promise<void>,
  ): Promise<Outcome> {
    const file = join(folder, 'migrate.hcl')
    const named = (name: string, stanza: string): string => stanza.replace(/^storage/, name)
    writeFileSync(file, `${named('storage_source', stanzas[from])}\n${named('storage_destination', stanzas[to])}\n`)
    const child = spawn(coffer, ['operator', 'migrate', `-config=${file}`], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const closed = once(child, 'close')
    await during?.((name) => void child.kill(name))
    await closed
    return { code: child.exitCode, stdout, stderr }
  }

  function hashOf({ code, stdout, stderr }: Outcome): string {
    assert.equal(code, 0, stderr)
    const [, hash] = /^Success! [^]*SHA-256 of both sides: ([\da-f]{64})\n$/.exec(stdout) ?? []
    assert.ok(hash !== undefined, stdout)
    return hash
  }

  /** A server on what was moved: it opens with the vault's keys and has all of it. */
  async function serve(on: keyof typeof stanzas, work?: (server: TestServer) => Promise<void>): Promise<void> {
    await using server = await startServer({ raw: true, storageStanza: stanzas[on] })
    server.keys = source.keys
    server.token = source.token
    await server.unseal()
    await until('it is active', async () => ((await healthOf(server)) === 200 ? true : undefined))
    for (const [i, value] of values.entries())
      assert.equal(at((await server.call('GET', `kv/s${i}`)).json, 'data', 'value'), value)
    assert.equal((await server.call('POST', 'kv/later', { on })).status, 204)
    await work?.(server)
    await server.kill('SIGTERM')
  }

  before(async () => {
    postgres = await startPostgres()
    etcd = await TestEtcd.start()
    source = await startServer()
    stanzas = {
      lmdb: `storage "lmdb" {\n path = "${source.folder}/data"\n}`,
      postgresql: clusterStanza(postgres.url()),
      etcd: `storage "etcd" {\n address = "${etcd.address}"\n}`,
      back: `storage "lmdb" {\n path = "${folder}/back"\n}`,
    }
    assert.equal((await source.call('POST', 'sys/mounts/kv', { type: 'kv' })).status, 204)
    for (const [i, value] of values.entries())
      assert.equal((await source.call('POST', `kv/s${i}`, { value })).status, 204)
    await source.kill('SIGTERM')
  })
  after(async () => {
    await source[Symbol.asyncDispose]()
    await postgres[Symbol.asyncDispose]()
    await etcd[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  test('from LMDB to PostgreSQL, interrupted and resumed', async () => {
    const interrupted = await migrate('lmdb', 'postgresql', async (signal) => {
      await until('something is there', async () => {
        // Before the tables are there this fails.
        const rows = await postgres.sql('SELECT count(*) AS n FROM coffer_kv_store').catch(() => [])
        return Number(rows[0]?.['n'] ?? 0) > 1 ? true : undefined
      })
      // So that it cannot be done before it hears of it.
      postgres.freeze()
      signal('SIGINT')
      postgres.thaw()
    })
    assert.equal(interrupted.code, 2, interrupted.stdout)
    assert.match(interrupted.stderr, /interrupted; run it again to go on/)

    // What is there is no vault yet, and does not pass for an empty storage either.
    await assert.rejects(startServer({ raw: true, storageStanza: stanzas.postgresql }), /unfinished migration/)
    hashes.set('postgresql', hashOf(await migrate('lmdb', 'postgresql')))
  })

  test('from PostgreSQL to etcd, and back to LMDB, all alike', async () => {
    hashes.set('etcd', hashOf(await migrate('postgresql', 'etcd')))
    hashes.set('back', hashOf(await migrate('etcd', 'back')))
    assert.equal(new Set(hashes.values()).size, 1)
    assert.equal(hashes.size, 3)
  })

  test('a server starts on each and has all of it', async () => {
    await serve('etcd')
    await serve('back')
    await serve('postgresql')
  })

  test('nothing is moved from where a server leads, nor to it', async () => {
    for (const storage of ['postgresql', 'etcd'] as const)
      await serve(storage, async (server) => {
        const away = await migrate(storage, 'back')
        assert.equal(away.code, 2, away.stdout)
        assert.match(away.stderr, /Error migrating: .* in use/)
        const onto = await migrate('lmdb', storage)
        assert.equal(onto.code, 2, onto.stdout)
        assert.match(onto.stderr, /Error migrating: .* in use/)
        assert.equal(await healthOf(server), 200)
        assert.equal((await server.call('POST', 'kv/later', { still: true })).status, 204)
      })
  })
})
