import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CofferError } from '../../errors/coffer-error.ts'
import type { ReadSet } from '../driver.ts'
import { LmdbDriver } from './lmdb.ts'

const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
const withCode = (code: string) => (error: unknown) => error instanceof CofferError && error.code === code
const folders: string[] = []

function newFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'coffer-lmdb-'))
  folders.push(path)
  return path
}

after(() => {
  for (const path of folders) rmSync(path, { recursive: true })
})

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

it('keeps its files to its user, whatever the umask', async () => {
  const path = join(newFolder(), 'a', 'data.d')
  const before = process.umask(0)
  const driver = new LmdbDriver({ path })
  await driver.commit(BLIND, new Map([['a', Uint8Array.of(1)]]))
  process.umask(before)
  assert.equal(modeOf(path), '700')
  assert.deepEqual(readdirSync(path).toSorted(), ['coffer.lock', 'data.mdb', 'lock.mdb'])
  for (const name of readdirSync(path)) assert.equal(modeOf(join(path, name)), '600', name)
  assert.deepEqual(driver.tightened, [])
  await driver.close()
})

it('tightens modes that are too wide, and says which', async () => {
  const path = newFolder()
  const first = new LmdbDriver({ path })
  await first.close()
  chmodSync(path, 0o755)
  chmodSync(join(path, 'data.mdb'), 0o644)
  const driver = new LmdbDriver({ path })
  assert.deepEqual(driver.tightened, [path, join(path, 'data.mdb')])
  assert.equal(modeOf(path), '700')
  assert.equal(modeOf(join(path, 'data.mdb')), '600')
  await driver.close()
})

it('opens a folder once at a time, in this process', async () => {
  const path = newFolder()
  const driver = new LmdbDriver({ path })
  assert.throws(
    () => new LmdbDriver({ path }),
    (error) => withCode('STORAGE_IN_USE')(error) && String(error).includes(`process ${process.pid}`),
  )
  await driver.commit(BLIND, new Map([['a', Uint8Array.of(1)]]))
  await driver.close()
  await new LmdbDriver({ path }).close()
})

it('opens a folder once at a time, among processes', async () => {
  const path = newFolder()
  const driver = new LmdbDriver({ path })
  const script = `
    import { LmdbDriver } from ${JSON.stringify(new URL('./lmdb.ts', import.meta.url).href)}
    try { new LmdbDriver({ path: ${JSON.stringify(path)} }); console.log('opened') } catch (error) { console.log(error.code) }
    process.exit()`
  const openElsewhere = () =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout.trim()
  assert.equal(openElsewhere(), 'STORAGE_IN_USE')
  await driver.close()
  assert.equal(openElsewhere(), 'opened')
})

it('says plainly why a folder cannot be opened', () => {
  const file = join(newFolder(), 'file')
  writeFileSync(file, '')
  assert.throws(() => new LmdbDriver({ path: file }), withCode('STORAGE_CANNOT_OPEN'))
  for (const content of [Buffer.alloc(16_384, 'not a database '), Buffer.alloc(16_384), Buffer.alloc(100, 1)]) {
    const garbage = newFolder()
    writeFileSync(join(garbage, 'data.mdb'), content)
    const refused = (error: unknown) => withCode('STORAGE_CANNOT_OPEN')(error) && String(error).includes(garbage)
    assert.throws(() => new LmdbDriver({ path: garbage }), refused)
    assert.throws(() => new LmdbDriver({ path: garbage }), refused)
  }
})

it('outlives a data file that was cut short: it is refused, or what is lost is an error', async () => {
  const path = newFolder()
  const before = new LmdbDriver({ path })
  for (let i = 0; i < 300; i++) await before.commit(BLIND, new Map([[`k${i}`, new Uint8Array(3000).fill(1)]]))
  await before.close()
  const whole = readFileSync(join(path, 'data.mdb'))
  for (let part = 1; part < 10; part++) {
    writeFileSync(join(path, 'data.mdb'), whole.subarray(0, (whole.length * part) / 10))
    const { signal, status, stdout, stderr } = runSupport('read-all.ts', path)
    assert.deepEqual([signal, status], [null, 0], stderr)
    const { opened, damaged } = JSON.parse(stdout)
    assert.ok(opened === 'STORAGE_CANNOT_OPEN' || damaged > 0, stdout)
  }
})

it('grows past the size it set aside, with snapshots open', async () => {
  const driver = new LmdbDriver({ path: newFolder(), mapSize: 1 << 20 })
  await driver.commit(BLIND, new Map([['a', Uint8Array.of(7)]]))
  const old = driver.snapshot()
  for (let i = 0; i < 64; i++) await driver.commit(BLIND, new Map([[`k${i}`, new Uint8Array(1 << 18).fill(i)]]))
  assert.equal((await old.get('a'))?.[0], 7)
  assert.deepEqual(await old.keys({ prefix: '' }), ['a'])
  const now = driver.snapshot()
  assert.equal((await now.get('k63'))?.[100], 63)
  assert.equal((await now.keys({ prefix: 'k' })).length, 64)
  old.close()
  now.close()
  await driver.close()
})

const afterFull = {
  smallAfterwards: true,
  firstStillThere: true,
  bigAbsent: true,
  conflictFree: true,
  sequenceGrew: true,
}

it('refuses a commit that may not be written, keeps what it had, and goes on', () => {
  const { stdout, stderr, status } = runSupport('full-disk.ts', newFolder(), 'limit')
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), { refused: ['STORAGE_UNAVAILABLE'], ...afterFull })
})

it('says that the disk is full when it is', (t) => {
  const path = newFolder()
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path]).status !== 0)
    return t.skip('may not mount a small disk')
  try {
    const { stdout, stderr, status } = runSupport('full-disk.ts', path)
    assert.equal(status, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), { refused: ['STORAGE_FULL'], ...afterFull })
  } finally {
    spawnSync('umount', [path])
  }
})

function runSupport(name: string, ...args: string[]) {
  const script = fileURLToPath(new URL(`../../../test/support/${name}`, import.meta.url))
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
}
