/** Group commit: lines that arrive while a write is due or under way go out together in the next one, in order. */
import { auditErrors } from '../errors/audit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Sink } from './sink.ts'

export interface LineWriterOptions {
  readonly sink: Sink
  encode(lines: string): Uint8Array
  readonly clock: Clock
  /** A write that takes longer fails its lines; until it returns, further lines fail at once. Ms. */
  readonly timeout: number
  /** A longer line fails by itself, bytes. */
  readonly maxLineBytes?: number
  /** Called for each write that failed, with the number of lines it had. */
  onFailure(error: unknown, lines: number): void
  /** Called for each write that went well. */
  onSuccess(): void
}

/** Characters that may wait behind a slow write. */
const maxWaiting = 64 * 1024 * 1024

interface Batch {
  text: string
  lines: number
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class LineWriter {
  readonly #options: LineWriterOptions
  #gathering: Batch | undefined
  #writing: Batch | undefined
  /** The write under way has timed out. */
  #stuck = false

  constructor(options: LineWriterOptions) {
    this.#options = options
  }

  /**
   * Resolves once the sink has the line; rejects with `AUDIT_FAILED`. `alone`: no other line is to be expected soon,
   * so that waiting for company would be in vain. `count`: how many lines it is.
   */
  append(line: string, alone: boolean, count = 1): Promise<void> {
    const { maxLineBytes } = this.#options
    if (maxLineBytes !== undefined && Buffer.byteLength(line) > maxLineBytes) return this.#tooLong()
    if (this.#stuck || (this.#gathering !== undefined && this.#gathering.text.length > maxWaiting))
      return this.#refuse()
    const batch = (this.#gathering ??= newBatch())
    batch.text += line
    batch.lines += count
    if (alone) this.#write()
    else if (batch.lines === count && this.#writing === undefined) this.#writeSoon()
    return batch.promise
  }

  /** Writes what was gathered, and waits for it, but no longer than for a write that timed out. */
  async flush(): Promise<void> {
    while (!this.#stuck) {
      this.#write()
      const batch = this.#writing ?? this.#gathering
      if (batch === undefined) return
      await Promise.allSettled([batch.promise])
    }
  }

  /** After all that this turn of the event loop brings. */
  #writeSoon(): void {
    setImmediate(() => this.#write())
  }

  #write(): void {
    const batch = this.#gathering
    if (batch === undefined || this.#writing !== undefined) return
    this.#gathering = undefined
    try {
      const waiting = this.#options.sink.write(this.#options.encode(batch.text))
      if (waiting === undefined) this.#succeed(batch)
      else void this.#wait(batch, waiting)
    } catch (error) {
      this.#fail(batch, error)
    }
  }

  async #wait(batch: Batch, waiting: Promise<void>): Promise<void> {
    this.#writing = batch
    const timer = this.#options.clock.timer(this.#options.timeout, () => this.#giveUp(batch))
    try {
      await waiting
      if (!this.#stuck) this.#succeed(batch)
    } catch (error) {
      if (!this.#stuck) this.#fail(batch, error)
    }
    timer.cancel()
    this.#stuck = false
    this.#writing = undefined
    if (this.#gathering !== undefined) this.#writeSoon()
  }

  #giveUp(batch: Batch): void {
    const behind = this.#gathering
    this.#stuck = true
    this.#gathering = undefined
    this.#fail(batch, auditErrors.DEVICE_TIMEOUT())
    if (behind !== undefined) this.#fail(behind, auditErrors.DEVICE_TIMEOUT())
  }

  #succeed(batch: Batch): void {
    batch.resolve()
    this.#options.onSuccess()
  }

  #fail(batch: Batch, cause: unknown): void {
    batch.reject(auditErrors.FAILED(undefined, { cause }))
    this.#options.onFailure(cause, batch.lines)
  }

  #tooLong(): Promise<void> {
    return this.#refuse(auditErrors.LINE_TOO_LONG())
  }

  #refuse(cause: Error = auditErrors.DEVICE_BUSY()): Promise<void> {
    this.#options.onFailure(cause, 1)
    return Promise.reject(auditErrors.FAILED(undefined, { cause }))
  }
}

function newBatch(): Batch {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  return { text: '', lines: 0, promise, resolve, reject }
}
