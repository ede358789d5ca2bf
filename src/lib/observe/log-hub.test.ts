import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../clock.ts'
import { createLogger, LogHub, LogLevels, type LogFormat, type LogLevel } from './index.ts'

function setUp(level: LogLevel = 'info') {
  const clock = new FakeClock()
  const levels = new LogLevels(level)
  const hub = new LogHub(levels, clock)
  const written: string[] = []
  const sinks = [{ write: (line: string) => void written.push(line) }]
  const log = createLogger({ levels, format: 'standard', sinks, clock, tap: hub }).named('core')
  const open = (at: LogLevel, format: LogFormat = 'standard') => {
    const lines = hub.open(at, format)
    assert.ok(lines !== undefined)
    return lines[Symbol.asyncIterator]()
  }
  return { clock, levels, hub, written, log, open }
}

async function textOf(reading: Promise<IteratorResult<Uint8Array, unknown>>): Promise<string> {
  const { value } = await reading
  return value instanceof Uint8Array ? Buffer.from(value).toString() : ''
}

test('who looks on sees lines that the log does not take, and the log stays as it is', async () => {
  const { log, written, open, levels } = setUp('warn')
  const lines = open('debug')
  const reading = lines.next()
  log.debug('small', { a: 1 })
  assert.match(await textOf(reading), /\[DEBUG\] core: small: a=1\n$/)
  log.trace('smaller')
  log.warn('large')
  assert.match(await textOf(lines.next()), /large\n$/)
  assert.equal(written.length, 1)
  assert.ok(log.enabled('debug'))
  await lines.return?.()
  assert.ok(!log.enabled('debug'))
  assert.equal(levels.isHeard, false)
})

test('each has a level and a form of his own', async () => {
  const { log, open } = setUp()
  const [all, few] = [open('trace', 'json'), open('error')]
  const readings = [all.next(), few.next()]
  log.trace('one')
  log.error('two')
  const [json = '', text = ''] = await Promise.all(readings.map(textOf))
  assert.deepEqual(
    json
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)['@message']),
    ['one', 'two'],
  )
  assert.match(text, /^\S+ \[ERROR\] core: two\n$/)
})

test('what is not taken in time is bounded, and he is told what he lost', async () => {
  const { log, open } = setUp()
  const lines = open('info')
  const first = lines.next()
  const long = 'x'.repeat(10_000)
  for (let i = 0; i < 100; i++) log.info(long)
  const taken = await textOf(first)
  await lines.return?.()
  assert.ok(taken.length < 300_000, String(taken.length))
  const lost = Number(/left out: they were not taken in time: count=(\d+)/.exec(taken)?.[1])
  assert.equal(taken.split('\n').filter((line) => line.includes(long)).length + lost, 100)
})

test('a quiet log gives signs of life, and an end when the server ends', async () => {
  const { clock, hub, open } = setUp()
  const lines = open('info')
  const pulse = lines.next()
  await clock.advance(5_000)
  assert.deepEqual(await pulse, { done: false, value: Buffer.alloc(0) })
  const last = lines.next()
  hub.close()
  assert.equal((await last).done, true)
  assert.equal((await open('info').next()).done, true)
  assert.equal(hub.size, 0)
})

test('there is room for a few, and a place that is left is free again', async () => {
  const { hub, open } = setUp()
  const all = Array.from({ length: 16 }, () => open('info'))
  const readings = all.map((lines) => lines.next())
  assert.equal(hub.open('info', 'standard'), undefined)
  // A reply that was never read takes no place.
  await all[0]?.return?.()
  assert.ok(hub.open('info', 'standard') !== undefined)
  hub.close()
  await Promise.all(readings)
})

test('lines of another thread are given on in the form that is wanted', async () => {
  const { hub, open } = setUp()
  const lines = open('warn', 'json')
  const reading = lines.next()
  hub.relay({ level: 'info', standard: 'no', json: 'no' })
  hub.relay({ level: 'error', standard: 'standard\n', json: '{"json":true}\n' })
  assert.equal(await textOf(reading), '{"json":true}\n')
})
