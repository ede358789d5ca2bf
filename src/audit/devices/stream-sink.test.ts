/** A reader that stops reading: what a container's log driver does when its disk is full. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { FakeClock } from '../../lib/clock.ts'
import { LineWriter } from '../line-writer.ts'
import { StreamSink } from './stream-sink.ts'

let folder = ''
let fd = 0
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'pipe-'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  // Both ends in one, so that there is a reader who does not read.
  fd = fs.openSync(join(folder, 'pipe'), fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
})
afterEach(() => {
  fs.closeSync(fd)
  fs.rmSync(folder, { recursive: true })
})

/** All that waits in the pipe. */
function drain(): string {
  const buffer = Buffer.alloc(1 << 20)
  let text = ''
  for (;;) {
    try {
      text += buffer.toString('utf8', 0, fs.readSync(fd, buffer))
    } catch {
      return text
    }
  }
}

/** Lets the thread pool and the fake clock's timers have their turns until `done`. */
async function until(clock: FakeClock, done: () => boolean): Promise<void> {
  while (!done()) {
    await setImmediate()
    await clock.advance(5)
  }
}

test('a pipe nobody reads costs one time-out, then fails at once, and works again when it is read', async () => {
  const clock = new FakeClock()
  const failures: string[] = []
  let successes = 0
  const writer = new LineWriter({
    sink: new StreamSink(fd, clock),
    encode: (lines) => Buffer.from(lines),
    clock,
    timeout: 2000,
    onFailure: (error, lines) => failures.push(`${error instanceof Error ? error.message : 'unknown'} (${lines})`),
    onSuccess: () => successes++,
  })
  await writer.append('first\n', true)
  assert.equal(drain(), 'first\n')

  const long = `${'x'.repeat(300_000)}\n`
  const stuck = assert.rejects(writer.append(long, true), { code: 'AUDIT_FAILED' })
  const behind = assert.rejects(writer.append('behind\n', false), { code: 'AUDIT_FAILED' })
  await until(clock, () => failures.length === 2)
  await Promise.all([stuck, behind])
  await assert.rejects(writer.append('at once\n', false), { code: 'AUDIT_FAILED' })
  assert.equal(failures.length, 3)

  let read = ''
  await until(clock, () => (read += drain()).length === long.length)
  let taken = false
  await until(clock, () => {
    if (!taken)
      writer.append('again\n', true).then(
        () => (taken = true),
        () => {},
      )
    return taken
  })
  assert.match(drain(), /^(again\n)+$/)
  assert.equal(read, long)
  assert.ok(successes >= 2)
})
