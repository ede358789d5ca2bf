/** Kills a writing process ten times and looks at what it left. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'

const writer = fileURLToPath(new URL('../support/crash-writer.ts', import.meta.url))
/** Numbers are apart by far more than a round writes. */
const ROUND = 1_000_000

interface Acknowledged {
  readonly written: Set<number>
  readonly deleted: Set<number>
}

/** Runs the writer, kills it after `acks` acknowledgements, and adds those that arrived. */
async function writeUntilKilled(path: string, first: number, acks: number, into: Acknowledged): Promise<void> {
  const child = spawn(process.execPath, [writer, path, String(first)], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  let lines = 0
  for await (const chunk of child.stdout) {
    const piece = String(chunk)
    text += piece
    lines += piece.split('\n').length - 1
    if (lines >= acks) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve))
  assert.equal(child.signalCode, 'SIGKILL')
  // The last line may be cut.
  for (const line of text.slice(0, text.lastIndexOf('\n')).split('\n')) {
    const [id, deleted] = line.split(' ')
    into.written.add(Number(id))
    if (deleted !== undefined && deleted !== '') into.deleted.add(Number(deleted))
  }
}

it('loses no acknowledged write and tears no transaction in ten kills', { timeout: 120_000 }, async () => {
  const path = await mkdtemp(join(tmpdir(), 'coffer-crash-'))
  const acknowledged = { written: new Set<number>(), deleted: new Set<number>() }
  for (let round = 1; round <= 10; round++) {
    await writeUntilKilled(path, round * ROUND, 50 + round * 40, acknowledged)
    const driver = new LmdbDriver({ path })
    const snapshot = driver.snapshot()
    await assertWhole(snapshot, acknowledged)
    snapshot.close()
    await driver.close()
  }
  assert.ok(acknowledged.written.size >= 2700 && acknowledged.deleted.size > 100)
  await rm(path, { recursive: true })
})

async function assertWhole(snapshot: ReturnType<LmdbDriver['snapshot']>, acknowledged: Acknowledged): Promise<void> {
  const found = new Map<string, readonly string[]>()
  for (const name of ['a', 'b', 'c']) {
    const keys = await snapshot.keys({ prefix: `${name}/` })
    found.set(
      name,
      keys.map((key) => key.slice(2)),
    )
  }
  assert.deepEqual(found.get('b'), found.get('a'), 'a transaction was torn')
  assert.deepEqual(found.get('c'), found.get('a'), 'a transaction was torn')
  const present = new Set(found.get('a')?.map(Number))
  for (const id of acknowledged.deleted) assert.ok(!present.has(id), `the deleted ${id} came back`)
  for (const id of acknowledged.written) {
    // Whoever deletes it may have been killed before it could say so.
    const mayBeDeleted = acknowledged.deleted.has(id) || (id + 100) % 7 === 0
    assert.ok(present.has(id) || mayBeDeleted, `the acknowledged write ${id} is lost`)
  }
  for (const id of present) {
    for (const name of ['a', 'b', 'c']) {
      assert.equal(String(await snapshot.get(`${name}/${id}`)), `${id} `.repeat(1 + (id % 400)))
    }
  }
}
