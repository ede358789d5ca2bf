/** A sink whose lines are chained. It is told where the chain was left off by what was written last, and by the storage. */
import { hash } from 'node:crypto'
import { auditErrors } from '../../errors/audit.ts'
import { CofferError } from '../../errors/coffer-error.ts'
import type { Awaitable } from '../../lib/awaitable.ts'
import { AppendError } from '../devices/append.ts'
import type { LastLine, Sink } from '../sink.ts'
import { Chain, type Begin, type ChainOptions, type Known } from './chain.ts'
import { linkOf, MAX_LINK_BYTES, type Point, type Reason } from './link.ts'

export interface ChainedSinkOptions extends ChainOptions {
  readonly sink: Sink
  /** The last checkpoint that the storage knows of. */
  readonly known: Known | undefined
  /** The end of what was written is not what it was: somebody else wrote there, or cut it off. */
  tampered(): void
}

const lineFeed = Buffer.from('\n')

export class ChainedSink implements Sink {
  readonly timeout?: number
  readonly maxLineBytes?: number
  readonly #options: ChainedSinkOptions
  readonly #sink: Sink
  #chain: Chain | undefined
  #wanted: Reason | undefined
  /** The line feed that a line cut off by a crash lacks. */
  #mend = false
  #closed = false
  /** Lines wait for the new file, of which the first line is a checkpoint. */
  #reopening: Promise<void> | undefined

  constructor(options: ChainedSinkOptions) {
    this.#options = options
    this.#sink = options.sink
    const { timeout, maxLineBytes } = options.sink
    if (timeout !== undefined) this.timeout = timeout
    if (maxLineBytes !== undefined) this.maxLineBytes = maxLineBytes - MAX_LINK_BYTES
  }

  /** Lines that no checkpoint follows yet. */
  get openLines(): number {
    return this.#chain?.open ?? 0
  }

  /** With the next write, even of no lines, comes a checkpoint. */
  want(reason: Reason): void {
    this.#wanted = reason
    this.#chain?.want(reason)
  }

  async open(): Promise<void> {
    await this.#sink.open()
    await this.#begin()
  }

  write(lines: Uint8Array): Awaitable<void> {
    if (this.#closed) throw auditErrors.UNREACHABLE({ reason: 'it was closed' })
    if (this.#reopening !== undefined) return this.#writeAfter(this.#reopening, lines)
    const chain = this.#chain
    return chain === undefined || this.#mend ? this.#writeFirst(lines) : this.#pass(chain, chain.link(lines))
  }

  async reopen(): Promise<void> {
    const reopening = this.#reopen()
    this.#reopening = reopening.catch(() => undefined)
    try {
      await reopening
    } finally {
      this.#reopening = undefined
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#sink.close()
  }

  async #reopen(): Promise<void> {
    await this.#sink.reopen()
    const isEmpty = (await this.#sink.lastLine?.()) === 'empty'
    this.#chain?.want('opened', isEmpty)
  }

  async #writeAfter(reopening: Promise<void>, lines: Uint8Array): Promise<void> {
    await reopening
    await this.write(lines)
  }

  async #writeFirst(lines: Uint8Array): Promise<void> {
    await this.#sink.open()
    const chain = await this.#begin()
    const linked = chain.link(lines)
    await this.#pass(chain, this.#mend ? Buffer.concat([lineFeed, linked]) : linked)
    this.#mend = false
  }

  #pass(chain: Chain, bytes: Uint8Array): Awaitable<void> {
    if (bytes.length === 0) return undefined
    let waiting: Awaitable<void>
    try {
      waiting = this.#sink.write(bytes)
    } catch (error) {
      throw this.#failed(chain, error)
    }
    if (waiting !== undefined) return this.#wait(chain, waiting)
    chain.confirm()
    return undefined
  }

  async #wait(chain: Chain, waiting: Promise<void>): Promise<void> {
    try {
      await waiting
    } catch (error) {
      throw this.#failed(chain, error)
    }
    chain.confirm()
  }

  #failed(chain: Chain, error: unknown): unknown {
    // A file that could not be opened, or from which all was taken back.
    const isClean = error instanceof AppendError ? !error.torn : isRefusal(error)
    if (isClean) chain.withdraw()
    else chain.abandon()
    return error
  }

  async #begin(): Promise<Chain> {
    if (this.#chain !== undefined) return this.#chain
    const last = await this.#sink.lastLine?.()
    const line = last === 'empty' ? undefined : last
    const chain = new Chain(this.#options, { ...this.#beginAfter(line), top: last === 'empty' })
    this.#mend = line?.torn === true
    if (this.#wanted !== undefined) chain.want(this.#wanted)
    this.#chain = chain
    return chain
  }

  #beginAfter(last: LastLine | undefined): Omit<Begin, 'top'> {
    const { known } = this.#options
    const tail = last === undefined ? undefined : pointOf(last.bytes)
    const point = known === undefined ? undefined : { id: known.id, n: known.n, hash: known.hash }
    if (known !== undefined && last !== undefined && isOddTail(tail, known)) {
      this.#options.tampered()
      return { after: point, known: point, reason: 'start' }
    }
    if (tail !== undefined) return { after: tail, known: point, reason: last?.torn === true ? 'resumed' : 'start' }
    // Where lines can't be read back, or the file was moved away meanwhile, some may have followed that checkpoint.
    const isEnd = point === undefined || known?.reason === 'close'
    return { after: point, known: point, reason: isEnd ? 'start' : 'resumed' }
  }
}

/** Whether the end of a file can't be what was left there. A line after a checkpoint can be, unless that was the last one. */
function isOddTail(tail: Point | undefined, known: Known): boolean {
  if (tail === undefined || tail.n < known.n) return true
  const isLast = tail.n === known.n || (tail.id === known.id && known.reason === 'close')
  return isLast && tail.hash !== known.hash
}

function isRefusal(error: unknown): boolean {
  return error instanceof CofferError && (error.code === 'AUDIT_FILE_REFUSED' || error.code === 'AUDIT_UNREACHABLE')
}

function pointOf(bytes: Uint8Array): Point | undefined {
  const line = Buffer.from(bytes)
  const link = linkOf(line)
  return link === undefined ? undefined : { id: link.id, n: link.n, hash: hash('sha256', line, 'hex') }
}
