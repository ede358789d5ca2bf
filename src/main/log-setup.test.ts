import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../lib/clock.ts'
import { FileSink } from '../lib/observe/index.ts'
import { logFilePath, openLog } from './log-setup.ts'
import type { LogSettings } from './settings.ts'

const root = mkdtempSync(join(tmpdir(), 'coffer-logs-'))
after(() => rmSync(root, { recursive: true }))

const settings: LogSettings = {
  level: 'error',
  format: 'standard',
  file: undefined,
  rotation: { maxBytes: 0, maxAge: 0, keep: 0 },
  requests: 'off',
}

const nowhere = FileSink.of(openSync('/dev/null', 'w'))

function open(file: string, more: Partial<LogSettings> = {}) {
  return openLog({ ...settings, file, ...more }, systemClock, nowhere)
}

test('a folder gets a file, and a name an extension', () => {
  mkdirSync(join(root, 'there'))
  assert.equal(logFilePath('/var/log/'), '/var/log/coffer.log')
  assert.equal(logFilePath(join(root, 'there')), join(root, 'there', 'coffer.log'))
  assert.equal(logFilePath('/var/log/diary'), '/var/log/diary.log')
  assert.equal(logFilePath('/var/log/diary.txt'), '/var/log/diary.txt')
})

test('lines go to the file, which is for its owner alone, and to a new one after it was renamed', async () => {
  const path = join(root, 'a.log')
  const { log, reopen, flush } = await open(path)
  log.error('first')
  await flush()
  assert.match(readFileSync(path, 'utf8'), /\[ERROR\] first\n$/)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  renameSync(path, `${path}.1`)
  await reopen()
  log.error('second')
  await flush()
  assert.match(readFileSync(path, 'utf8'), /^[^\n]* second\n$/)
})

test('it is rotated as the settings say', async () => {
  const folder = join(root, 'rotated')
  mkdirSync(folder)
  const { log, flush } = await open(join(folder, 'x.log'), { rotation: { maxBytes: 10, maxAge: 0, keep: 1 } })
  for (const text of ['one', 'two', 'three']) {
    log.error(text)
    await flush()
  }
  assert.deepEqual(readdirSync(folder).length, 2)
})

test('JSON is written where it is asked for', async () => {
  const path = join(root, 'json.log')
  const { log, flush } = await open(path, { format: 'json' })
  log.error('hello')
  await flush()
  const line: unknown = JSON.parse(readFileSync(path, 'utf8'))
  assert.ok(typeof line === 'object' && line !== null && '@message' in line)
})

test('a file that cannot be opened keeps the server from starting', async () => {
  await assert.rejects(openLog({ ...settings, file: join(root, 'none', 'x.log') }, systemClock), {
    message: `log_file ${join(root, 'none', 'x.log')} cannot be opened (ENOENT)`,
  })
})
