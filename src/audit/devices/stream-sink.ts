/**
 * Standard output or standard error, for containers. A reader that stops reading is bounded by the writer's time-out.
 */
import type { Clock } from '../../lib/clock.ts'
import type { Sink } from '../sink.ts'
import { AppendError, codeOf, writeAsync } from './append.ts'

/** Ms between attempts where the stream does not block and its reader is behind. */
const pause = 5

export class StreamSink implements Sink {
  readonly #fd: number
  readonly #clock: Clock
  #torn = false
  #closed = false

  constructor(fd: number, clock: Clock) {
    this.#fd = fd
    this.#clock = clock
  }

  async open(): Promise<void> {}

  async reopen(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true
  }

  async write(lines: Uint8Array): Promise<void> {
    const bytes = this.#torn ? Buffer.concat([Buffer.from('\n'), lines]) : lines
    let done = 0
    try {
      while (done < bytes.length) done += await this.#some(bytes.subarray(done))
      this.#torn = false
    } catch (error) {
      this.#torn ||= done > 0
      throw new AppendError(error, this.#torn)
    }
  }

  async #some(bytes: Uint8Array): Promise<number> {
    try {
      return (await writeAsync(this.#fd, bytes, 0, bytes.length, null)).bytesWritten
    } catch (error) {
      if (this.#closed || codeOf(error) !== 'EAGAIN') throw error
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#clock.timer(pause, resolve)
      await promise
      return 0
    }
  }
}
