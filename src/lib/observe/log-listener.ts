/**
 * One who looks on while the log is written. What he does not take in time waits for him up to a bound; what comes beyond it is lost to
 * him, and he is told how many lines that were. The log itself never waits.
 */
import type { Clock } from '../clock.ts'
import { formatJson, formatStandard, type LogFormat } from './format.ts'

export interface ListenerInit {
  /** The least he wants, by its place among the levels. */
  readonly rank: number
  readonly format: LogFormat
  readonly clock: Clock
  began(listener: LogListener): void
  ended(listener: LogListener): void
}

/** Characters that wait for him at most. */
const MOST_WAITING = 256 * 1024
/** So often a piece without content shows whether he is still there, and that this end is, ms. */
const PULSE = 5_000

type Next = IteratorResult<Uint8Array, undefined>
const END: Next = { done: true, value: undefined }

export class LogListener implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly rank: number
  readonly format: LogFormat
  readonly #init: ListenerInit
  #waiting: string[] = []
  #size = 0
  #lost = 0
  #state: 'new' | 'listening' | 'ended' = 'new'
  /** Resolves the reading that is under way. */
  #wake: (() => void) | undefined

  constructor(init: ListenerInit) {
    this.#init = init
    this.rank = init.rank
    this.format = init.format
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this
  }

  push(line: string): void {
    if (this.#size + line.length > MOST_WAITING) this.#lost++
    else {
      this.#waiting.push(line)
      this.#size += line.length
    }
    this.#wake?.()
  }

  /** Nothing more comes: what waits is given out, then it is over. */
  end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#init.ended(this)
    this.#wake?.()
  }

  async next(): Promise<Next> {
    if (this.#state === 'new') {
      this.#state = 'listening'
      this.#init.began(this)
    }
    if (this.#size === 0 && this.#state === 'listening') await this.#somethingToSay()
    const text = this.#take()
    return text === '' && this.#state === 'ended' ? END : { done: false, value: Buffer.from(text) }
  }

  // oxlint-disable-next-line require-await -- the contract of an iterator
  async return(): Promise<Next> {
    this.#waiting = []
    this.#size = 0
    this.end()
    return END
  }

  async #somethingToSay(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    using _pulse = this.#init.clock.timer(PULSE, resolve)
    await promise
    this.#wake = undefined
  }

  #take(): string {
    const text = this.#waiting.join('')
    this.#waiting = []
    this.#size = 0
    if (this.#lost === 0) return text
    const lost = this.#lost
    this.#lost = 0
    const entry = {
      time: this.#init.clock.now(),
      level: 'warn',
      module: 'monitor',
      message: 'lines were left out: they were not taken in time',
      fields: [{ count: lost }],
    } as const
    return text + (this.format === 'json' ? formatJson(entry) : formatStandard(entry))
  }
}
