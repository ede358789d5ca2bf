/** Keeps a token alive that another server lent: renews it at two thirds of its time, for as long as that server lets it. */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import { reasonOf } from '../reason.ts'
import { type JsonAnswer, memberOf } from './json-client.ts'

export interface TokenRenewalDeps {
  readonly clock: Clock
  readonly log: Logger
}

const RETRY = 30_000
const PATIENCE = 30_000
const SHORTEST = 1000

export class TokenRenewal {
  readonly #renew: (signal: AbortSignal) => Promise<JsonAnswer>
  readonly #deps: TokenRenewalDeps
  readonly #stopped = new AbortController()
  #timer: Timer | undefined

  constructor(renew: (signal: AbortSignal) => Promise<JsonAnswer>, deps: TokenRenewalDeps) {
    this.#renew = renew
    this.#deps = deps
  }

  /** The first renewal is made at once. Does nothing when called again. */
  start(): void {
    this.#timer ??= this.#deps.clock.timer(0, () => this.#attempt())
  }

  stop(): void {
    this.#stopped.abort()
    this.#timer?.cancel()
  }

  async #attempt(): Promise<void> {
    const wait = await this.#waitAfterRenewal()
    if (wait !== undefined && !this.#stopped.signal.aborted)
      this.#timer = this.#deps.clock.timer(wait, () => this.#attempt())
  }

  /** Undefined where there is nothing to renew: the token does not expire, or may not be renewed. */
  async #waitAfterRenewal(): Promise<number | undefined> {
    const { clock, log } = this.#deps
    const late = new AbortController()
    using _ = clock.timer(PATIENCE, () => late.abort(new Error('no answer in time')))
    try {
      const answer = await this.#renew(AbortSignal.any([late.signal, this.#stopped.signal]))
      const seconds = memberOf(answer.body, 'auth', 'lease_duration')
      if (answer.status === 200 && typeof seconds === 'number')
        return seconds === 0 ? undefined : Math.max((seconds * 2000) / 3, SHORTEST)
      if (answer.status < 500) {
        log.warn('the token of the transit seal is not renewable: a new one is needed when it expires', {
          status: answer.status,
        })
        return undefined
      }
      log.warn('the token of the transit seal could not be renewed yet', { status: answer.status })
    } catch (error) {
      if (!this.#stopped.signal.aborted)
        log.warn('the token of the transit seal could not be renewed yet', { reason: reasonOf(error) })
    }
    return RETRY
  }
}
