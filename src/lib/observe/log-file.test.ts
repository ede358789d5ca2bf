import assert from 'node:assert/strict'
import { linkSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { FakeClock } from '../clock.ts'
import { LogFile, type Rotation } from './log-file.ts'

const root = mkdtempSync(join(tmpdir(), 'coffer-log-'))
after(() => rmSync(root, { recursive: true }))
const never: Rotation = { maxBytes: 0, maxAge: 0, keep: 0 }

async function open(rotation: Partial<Rotation>, before = '') {
  const folder = mkdtempSync(join(root, 'x-'))
  const path = join(folder, 'coffer.log')
  if (before !== '') writeFileSync(path, before)
  const clock = new FakeClock()
  const file = await LogFile.open(path, { ...never, ...rotation }, clock)
  const line = async (text: string) => {
    file.write(`${text}\n`)
    await file.flush()
  }
  const old = () =>
    readdirSync(folder)
      .filter((name) => name !== 'coffer.log')
      .toSorted()
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return { folder, path, clock, file, line, old, read }
}

test('a file is renamed once it has its size, and no line is lost', async () => {
  const log = await open({ maxBytes: 10 })
  for (const text of ['one one one', 'two', 'three three', 'four']) await log.line(text)
  assert.equal(log.old().length, 2)
  assert.ok(log.old().every((name) => /^coffer-\d{19}\.log$/.test(name)))
  assert.deepEqual(log.old().map(log.read), ['one one one\n', 'two\nthree three\n'])
  assert.equal(log.read('coffer.log'), 'four\n')
  assert.equal(statSync(log.path).mode & 0o777, 0o600)
  await log.file.close()
})

test('what was there before counts', async () => {
  const log = await open({ maxBytes: 10 }, '123456789\n')
  await log.line('x')
  assert.deepEqual(log.old().map(log.read), ['123456789\nx\n'])
  await log.file.close()
})

test('a file is renamed once it has its age', async () => {
  const log = await open({ maxAge: 60_000 })
  await log.line('young')
  assert.deepEqual(log.old(), [])
  await log.clock.advance(60_000)
  await log.line('old')
  await log.line('new')
  assert.deepEqual(log.old().map(log.read), ['young\nold\n'])
  await log.file.close()
})

test('old files are kept as many as asked for, and foreign ones always', async () => {
  for (const [keep, left] of [
    [2, 2],
    [0, 4],
    [-1, 0],
  ] as const) {
    const log = await open({ maxBytes: 1, keep })
    for (const name of ['coffer-audit.log', 'coffer-12.log', 'other-1234567890123456789.log'])
      writeFileSync(join(log.folder, name), '')
    for (const text of ['a', 'b', 'c', 'd']) await log.line(text)
    const rotated = log.old().filter((name) => /^coffer-\d{19}\.log$/.test(name))
    assert.equal(rotated.length, left, `keep ${keep}`)
    if (left === 2) assert.deepEqual(rotated.map(log.read), ['c\n', 'd\n'])
    assert.equal(log.old().length, left + 3)
    await log.file.close()
  }
})

test('after somebody else renamed it, reopening makes a new one', async () => {
  const log = await open({ maxBytes: 100 })
  await log.line('before')
  renameSync(log.path, join(log.folder, 'moved'))
  await log.file.reopen()
  await log.line('after')
  assert.deepEqual([log.read('moved'), log.read('coffer.log')], ['before\n', 'after\n'])
  await log.file.close()
})

test('a file that cannot be renamed goes on, and says so', async () => {
  const log = await open({ maxBytes: 5 })
  linkSync(log.path, join(log.folder, 'same'))
  rmSync(log.path)
  await log.line('123456')
  await log.line('x')
  assert.match(log.read('same'), /^123456\n.*\[ERROR\] log: the log file could not be rotated: cause=ENOENT\nx\n/)
  await log.file.close()
})
