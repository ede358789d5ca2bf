/** However much is stored: memory stays bounded, and others get their turn. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { after, before, test } from 'node:test'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { openSpool, type Spool } from './spool.ts'
import { readArchive, verifyArchive } from './read-archive.ts'
import { writeArchive } from './write-archive.ts'

const MIB = 1 << 20
const TOTAL = 200 * MIB
const NO_READS = { sequence: 0, keys: new Set<string>(), prefixes: new Set<string>() }
/** Of pages that no file backs: what LMDB maps is the kernel's to keep or drop. */
const anonymous = (): number | undefined => {
  try {
    const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return found === null ? undefined : Number(found[1]) * 1024
  } catch {
    return undefined
  }
}
const skip = anonymous() === undefined ? 'needs /proc' : false

let folder: string
let driver: LmdbDriver
let spool: Spool

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coffer-large-'))
  driver = new LmdbDriver({ path: join(folder, 'data') })
  spool = await openSpool(folder)
  // Large values, small ones, and one that is larger than a piece.
  const sizes = [64 << 10, 200, 5000, 9 * MIB]
  let entries: [string, Uint8Array][] = []
  let bytes = 0
  for (let stored = 0, i = 0; stored < TOTAL; i++) {
    const size = (i % 2000 === 1999 ? sizes[3] : sizes[i % 3]) ?? 0
    entries.push([`logical/${String(i).padStart(7, '0')}`, randomBytes(size)])
    stored += size
    bytes += size
    if (bytes < 8 * MIB && stored < TOTAL) continue
    await driver.commit(NO_READS, new Map(entries))
    entries = []
    bytes = 0
  }
})
after(async () => {
  await spool[Symbol.asyncDispose]()
  await driver.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What `work` takes at most, MiB, and how long others waited for their turn (but for one in a hundred), ms. */
async function watched(work: () => Promise<void>): Promise<{ readonly growth: number; readonly blocked: number }> {
  const start = anonymous() ?? 0
  let most = start
  const timer = setInterval(() => {
    most = Math.max(most, anonymous() ?? 0)
  }, 5)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  try {
    await work()
  } finally {
    delay.disable()
    clearInterval(timer)
  }
  return { growth: (most - start) / MIB, blocked: delay.percentile(99) / 1e6 }
}

test('taking one, checking it, and putting it elsewhere', { skip, timeout: 120_000 }, async (t) => {
  const snapshot = driver.snapshot()
  const meta = {
    clusterId: '',
    clusterName: '',
    created: '2026-01-01T00:00:00.000Z',
    serverVersion: '',
    storageType: '',
    sequence: 1,
  }
  const taken = await watched(() => spool.fill(writeArchive({ meta, snapshot, seal: () => Buffer.from('x') })))
  snapshot.close()
  let entries = 0
  const checked = await watched(async () => void ({ entries } = await verifyArchive(spool)))
  const other = new LmdbDriver({ path: join(folder, 'other') })
  try {
    const replaced = await watched(async () => void (await other.replace(readArchive(spool))))
    // Again, in place of as much.
    const again = await watched(async () => void (await other.replace(readArchive(spool))))
    t.diagnostic(JSON.stringify({ size: spool.size / MIB, entries, taken, checked, replaced, again }))
    for (const { growth } of [taken, checked, replaced, again]) assert.ok(growth < 100, `${growth} MiB`)
    for (const { blocked } of [taken, checked, replaced, again]) assert.ok(blocked < 50, `${blocked} ms`)
    assert.equal(await countOf(other), entries)
  } finally {
    await other.close()
  }
})

async function countOf(store: LmdbDriver): Promise<number> {
  const snapshot = store.snapshot()
  const keys = await snapshot.keys({ prefix: '' })
  snapshot.close()
  return keys.length
}
