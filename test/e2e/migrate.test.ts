/** `operator migrate` as a process, on the store of a server that has stopped. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { coffer, startServer } from '../support/server.ts'

test('a vault moves, and opens with its own keys', async () => {
  await using server = await startServer()
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  for (let i = 0; i < 30; i++) await server.call('POST', `kv/s${i}`, { n: i })
  const [from, to] = [join(server.folder, 'data'), join(server.folder, 'moved')]
  const file = join(server.folder, 'migrate.hcl')
  const write = (source: string, destination: string): void =>
    writeFileSync(
      file,
      `storage_source "lmdb" {\n  path = "${source}"\n}\nstorage_destination "file" {\n  path = "${destination}"\n}\n`,
    )
  const migrate = (...args: string[]) =>
    spawnSync(coffer, ['operator', 'migrate', ...args], { encoding: 'utf8', env: { ...process.env } })

  write(from, to)
  const inUse = migrate(`-config=${file}`)
  assert.equal(inUse.status, 2)
  assert.match(inUse.stderr, /Error migrating: the storage .* is in use by process \d+/)
  await server.kill('SIGTERM')

  write(`${from}-misspelt`, to)
  const absent = migrate(`-config=${file}`)
  assert.equal(absent.status, 2)
  assert.match(absent.stderr, /there is no store in .*-misspelt/)

  write(from, to)
  const done = migrate(`-config=${file}`)
  assert.equal(done.status, 0, done.stderr)
  assert.match(
    done.stdout,
    /^Success! All of the keys have been migrated\.\n\d+ entries, \d+ bytes; SHA-256 of both sides: [\da-f]{64}\n$/,
  )
  const again = migrate(`-config=${file}`)
  assert.equal(again.status, 2)
  assert.match(again.stderr, /the destination is not empty/)
  assert.match(migrate(`-config=${file}`, '-reset').stdout, /There is no interrupted migration/)

  rmSync(from, { recursive: true })
  renameSync(to, from)
  await server.restart()
  await server.unseal()
  for (let i = 0; i < 30; i++)
    assert.match((await server.call('GET', `kv/s${i}`)).text, new RegExp(`"data":\\{"n":${i}\\}`))
})

test('a configuration that cannot be meant so', async () => {
  await using server = await startServer({ raw: true, storage: 'inmem' })
  const file = join(server.folder, 'migrate.hcl')
  writeFileSync(file, 'storage_source "inmem" {}\nstorage "lmdb" {\n  path = "/x"\n}\n')
  const { status, stderr } = spawnSync(coffer, ['operator', 'migrate', `-config=${file}`], { encoding: 'utf8' })
  assert.equal(status, 2)
  assert.match(stderr, /migrate\.hcl:2:1: a migration takes storage_source and storage_destination, not storage/)
  assert.match(stderr, /storage_source "inmem" keeps nothing beyond a server's life/)
  assert.match(stderr, /exactly one "storage_destination" block is required/)
  assert.equal(spawnSync(coffer, ['operator', 'migrate'], { encoding: 'utf8' }).status, 1)
  assert.match(
    spawnSync(coffer, ['operator', 'migrate', '-h'], { encoding: 'utf8' }).stdout,
    /Usage: coffer operator migrate/,
  )
  assert.ok(readFileSync(file).length > 0)
})
