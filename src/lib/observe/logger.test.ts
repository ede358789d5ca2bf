import assert from 'node:assert/strict'
import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { FakeClock } from '../clock.ts'
import { createLogger, FileSink, LogLevels, parseLogLevel, Secret } from './index.ts'
import type { LogFormat, Logger } from './index.ts'

interface Memory {
  readonly log: Logger
  readonly levels: LogLevels
  readonly lines: string[]
}

function memory(format: LogFormat = 'standard'): Memory {
  const lines: string[] = []
  const levels = new LogLevels('info')
  const clock = new FakeClock(Date.UTC(2026, 10, 22, 10, 0, 0, 123))
  return {
    levels,
    lines,
    log: createLogger({ levels, format, clock, sinks: [{ write: (line) => void lines.push(line) }] }),
  }
}

test('the standard form', () => {
  const { log, lines } = memory()
  log.info('started')
  log
    .named('core')
    .named('expiration')
    .warn('slow', { took: 12, path: 'a b', ok: true, none: undefined, list: ['x', 1] })
  assert.deepEqual(lines, [
    '2026-11-22T10:00:00.123Z [INFO]  started\n',
    '2026-11-22T10:00:00.123Z [WARN]  core.expiration: slow: took=12 path="a b" ok=true list="[\\"x\\",1]"\n',
  ])
})

test('the JSON form', () => {
  const { log, lines } = memory('json')
  log
    .named('core')
    .with({ request_id: 'r1' })
    .error('failed', { cause: new TypeError('no'), n: 9007199254740993n, none: undefined })
  const [line = ''] = lines
  const entry: unknown = JSON.parse(line)
  assert.ok(typeof entry === 'object' && entry !== null && 'cause' in entry)
  const { cause, ...rest } = entry
  assert.match(String(cause), /^TypeError: no \(src\/lib\/observe\/logger\.test\.ts:\d+:\d+\)$/u)
  assert.deepEqual(rest, {
    '@level': 'error',
    '@message': 'failed',
    '@module': 'core',
    '@timestamp': '2026-11-22T10:00:00.123Z',
    request_id: 'r1',
    n: '9007199254740993',
  })
})

test('levels change at run time, for one module or all', () => {
  const { log, levels, lines } = memory()
  const core = log.named('core')
  const part = core.named('expiration')
  part.debug('a')
  levels.set('core', 'debug')
  part.debug('b')
  assert.ok(part.enabled('debug') && !log.enabled('debug'))
  levels.set('core.expiration', 'error')
  part.warn('c')
  core.debug('d')
  levels.reset('core.expiration')
  part.debug('e')
  levels.setAll('off')
  part.error('f')
  assert.deepEqual(
    lines.map((line) => line.at(-2)),
    ['b', 'd', 'e'],
  )
  assert.deepEqual(levels.modules(), ['core', 'core.expiration'])
  assert.deepEqual(['WARNING', 'err', 'Notice', 'trace', 'loud'].map(parseLogLevel), [
    'warn',
    'error',
    'info',
    'trace',
    undefined,
  ])
})

test('a value cannot forge a line or move the cursor', () => {
  const hostile = 'a\n{"type":"response"}\u001b[2J\u202e\u2028\ud800é'
  for (const format of ['standard', 'json'] as const) {
    const { log, lines } = memory(format)
    log.with({ [hostile]: hostile }).info(hostile, { list: [hostile] })
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /^[ -~é]+\n$/u)
    assert.ok(lines[0]?.includes('\\u202e'))
  }
})

test('a secret never shows', () => {
  const secret = new Secret('canary')
  const { log, lines } = memory()
  log.info('x', { secret, nested: { list: [secret] } })
  const shown = [
    ...lines,
    inspect({ secret }, { depth: 9, showHidden: true }),
    JSON.stringify({ secret }),
    `${String(secret)}`,
  ].join()
  assert.ok(!shown.includes('canary'))
  assert.match(lines[0] ?? '', /secret=\[redacted\]/u)
  assert.equal(secret.reveal(), 'canary')
})

test('a field that cannot be written costs the fields, not the line', () => {
  const { log, lines } = memory()
  const cycle: { self?: object } = {}
  cycle.self = cycle
  log.info('still here', { cycle: { cycle } as never })
  assert.match(lines[0] ?? '', /still here: log_error=/u)
})

test('a file keeps every line in order, over a rotation', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'coffer-log-'))
  const path = join(dir, 'log')
  const sink = await FileSink.open(path)
  for (let i = 0; i < 1000; i++) sink.write(`${i}\n`)
  await rename(path, join(dir, 'old'))
  await sink.reopen()
  for (let i = 1000; i < 1500; i++) sink.write(`${i}\n`)
  await sink.close()
  const text = (await readFile(join(dir, 'old'), 'utf8')) + (await readFile(path, 'utf8'))
  assert.deepEqual(
    text.trimEnd().split('\n').map(Number),
    Array.from({ length: 1500 }, (_, i) => i),
  )
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await readFile(path, 'utf8')).startsWith('1000\n'), true)
  await rm(dir, { recursive: true })
})

test('a log that is too slow drops lines and says so, and the end of the process loses none', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'coffer-log-'))
  const path = join(dir, 'log')
  const sink = await FileSink.open(path)
  const line = `${'x'.repeat(1023)}\n`
  for (let i = 0; i < 10_000; i++) sink.write(line)
  sink.flushSync()
  const text = await readFile(path, 'utf8')
  const kept = text.split('\n').filter((one) => one.startsWith('x')).length
  assert.match(text, new RegExp(`lines were dropped.*count=${10_000 - kept}\\n$`, 'u'))
  await sink.close()
  await rm(dir, { recursive: true })
})
