import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakeClock } from '../lib/clock.ts'
import { LineWriter } from './line-writer.ts'
import type { Sink } from './sink.ts'

/** Keeps what it is given, write by write; `pause` makes each write wait. */
class Notebook implements Sink {
  readonly writes: string[] = []
  readonly #pause: (() => Promise<void>) | undefined
  underWay = 0

  constructor(pause?: () => Promise<void>) {
    this.#pause = pause
  }

  write(lines: Uint8Array): Promise<void> | undefined {
    assert.equal(this.underWay, 0, 'one write at a time')
    this.writes.push(Buffer.from(lines).toString())
    return this.#pause === undefined ? undefined : this.#wait(this.#pause)
  }

  async #wait(pause: () => Promise<void>): Promise<void> {
    this.underWay++
    await pause()
    this.underWay--
  }

  async open(): Promise<void> {}
  async reopen(): Promise<void> {}
  async close(): Promise<void> {}
}

function writerTo(sink: Sink): LineWriter {
  const encode = (lines: string): Uint8Array => Buffer.from(lines)
  return new LineWriter({
    sink,
    encode,
    clock: new FakeClock(),
    timeout: 1000,
    onFailure: () => {},
    onSuccess: () => {},
  })
}

test('lines of one turn share a write; a lone one goes at once', async () => {
  const sink = new Notebook()
  const writer = writerTo(sink)
  await Promise.all([1, 2, 3].map((n) => writer.append(`${n}\n`, false)))
  assert.deepEqual(sink.writes, ['1\n2\n3\n'])
  const sent = writer.append('4\n', true)
  assert.deepEqual(sink.writes, ['1\n2\n3\n', '4\n'])
  await sent
})

test('whatever the pace, every line comes once and in order', async () => {
  const pace = fc.array(fc.record({ alone: fc.boolean(), rest: fc.nat(3) }), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(pace, fc.boolean(), fc.nat(4), async (steps, slow, pauses) => {
      const sink = new Notebook(
        slow
          ? async () => {
              for (let i = 0; i < pauses; i++) await Promise.resolve()
            }
          : undefined,
      )
      const writer = writerTo(sink)
      const sent: Promise<void>[] = []
      for (const [i, { alone, rest }] of steps.entries()) {
        sent.push(writer.append(`${i}\n`, alone))
        for (let n = 0; n < rest; n++) await Promise.resolve()
      }
      await writer.flush()
      await Promise.all(sent)
      assert.equal(sink.writes.join(''), steps.map((_, i) => `${i}\n`).join(''))
    }),
    { numRuns: 60 },
  )
})
