/** Kills a process that replaces its store, everywhere in between, and looks at what it left. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { until } from '../support/callers.ts'
import { ENTRIES, hasKey, keyOf, valueOf } from '../support/crash-replacer.ts'
import { idleEntries } from '../support/lmdb-halves.ts'

const replacer = fileURLToPath(new URL('../support/crash-replacer.ts', import.meta.url))
const PAGES = 40
/** Lines after which it is killed: at the first pages, in the middle, around the moment of change, and while the old is dropped. */
const KILLS = [
  1,
  7,
  20,
  33,
  PAGES - 1,
  PAGES,
  PAGES,
  PAGES,
  PAGES + 1,
  PAGES + 1,
  PAGES + 2,
  2 * PAGES + 1,
  2 * PAGES + 2,
]

/** Returns the last generation that it said was done. */
async function replaceUntilKilled(
  path: string,
  first: number,
  lines: number,
  delay: number,
): Promise<number | undefined> {
  const child = spawn(process.execPath, [replacer, path, String(first)], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  let text = ''
  let killing = false
  for await (const chunk of child.stdout) {
    text += String(chunk)
    if (killing || text.split('\n').length <= lines) continue
    killing = true
    setTimeout(() => child.kill('SIGKILL'), delay)
  }
  await ended
  assert.equal(child.signalCode, 'SIGKILL')
  const done = [...text.matchAll(/^done (\d+)$/gm)].at(-1)?.[1]
  return done === undefined ? undefined : Number(done)
}

/** The one generation that a store holds, whole. */
async function generationIn(driver: LmdbDriver): Promise<number | undefined> {
  const snapshot = driver.snapshot()
  const found = await snapshot.entries({ prefix: '' })
  snapshot.close()
  const [first] = found
  if (first === undefined) return undefined
  const generation = Number.parseInt(Buffer.from(first[1]).toString(), 10)
  const expected = Array.from({ length: ENTRIES }, (_, i) => i).filter((i) => hasKey(generation, i))
  assert.deepEqual(
    found.map(([key]) => key),
    expected.map(keyOf),
  )
  for (const [index, [, value]] of found.entries())
    assert.ok(
      Buffer.from(value).toString() === valueOf(generation, expected[index] ?? -1),
      'a value of another generation',
    )
  return generation
}

test(
  'a store is the old or the new one, whole, wherever its replacement is killed',
  { timeout: 240_000 },
  async (t) => {
    const path = await mkdtemp(join(tmpdir(), 'coffer-replace-crash-'))
    t.after(() => rm(path, { recursive: true }))
    let held: number | undefined
    let leftovers = 0
    for (const [round, lines] of KILLS.entries()) {
      const first = (round + 1) * 100
      const done = await replaceUntilKilled(path, first, lines, round % 3)
      const before = await idleEntries(path)
      if (before > 0) leftovers++
      const driver = new LmdbDriver({ path })
      const generation = await generationIn(driver)
      if (done !== undefined)
        assert.ok(generation === done || generation === done + 1, `${done} was done: ${generation}`)
      else assert.ok(generation === held || generation === first, `${generation} is neither the old nor the new one`)
      held = generation
      await until('what was left is dropped', async () => ((await idleEntries(path)) === 0 ? true : undefined))
      assert.equal(await generationIn(driver), held)
      await driver.close()
    }
    assert.ok(held !== undefined && leftovers > 3, `${leftovers} kills left something behind`)
  },
)
