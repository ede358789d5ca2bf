/** Datagrams to a unix socket, such as `/dev/log`. */
import { closeSync } from 'node:fs'
import { auditErrors } from '../../errors/audit.ts'
import type { Clock } from '../../lib/clock.ts'
import { connectUnixDatagram } from '../../lib/unix-datagram.ts'
import { codeOf, writeAsync } from './append.ts'
import { linesOf } from './lines.ts'
import type { Connect, Frame, Wire } from './wire.ts'

/** Less than what Linux lets wait in a socket unless told otherwise (212,992 bytes). */
export const MAX_UNIX_DATAGRAM_BYTES = 200_000

/** Ms between attempts where the reader is behind. */
const pause = 5

export function unixDatagramWire(path: string, clock: Clock, frame: Frame = (line) => line): Connect {
  return async () => {
    const fd = connectUnixDatagram(path)
    if (fd === 'refused') throw auditErrors.UNREACHABLE({ reason: `nobody takes datagrams at ${path}` })
    if (fd === 'unsupported') throw auditErrors.UNREACHABLE({ reason: 'there are no unix datagrams here' })
    return new UnixDatagramWire(fd, clock, frame)
  }
}

class UnixDatagramWire implements Wire {
  alive = true
  readonly #fd: number
  readonly #clock: Clock
  readonly #frame: Frame
  #sending = 0

  constructor(fd: number, clock: Clock, frame: Frame) {
    this.#fd = fd
    this.#clock = clock
    this.#frame = frame
  }

  async send(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#sending++
    try {
      for (const line of linesOf(lines)) await this.#sendOne(this.#frame(line), signal)
    } finally {
      this.#sending--
      this.#closeIfDone()
    }
  }

  close(): void {
    if (!this.alive) return
    this.alive = false
    this.#closeIfDone()
  }

  async #sendOne(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      try {
        await writeAsync(this.#fd, bytes, 0, bytes.length, null)
        return
      } catch (error) {
        // What Linux says where the reader's queue is full, and others do.
        if (codeOf(error) !== 'EAGAIN' && codeOf(error) !== 'ENOBUFS') throw error
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#clock.timer(pause, resolve)
      await promise
    }
  }

  /** The number is given to the next file that is opened, so a write under way must not outlive it. */
  #closeIfDone(): void {
    if (!this.alive && this.#sending === 0) closeSync(this.#fd)
  }
}
