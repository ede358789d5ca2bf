/** Looks from time to time whether the key service still answers: the next start of the server will need it. */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Gauge, Logger, Metrics } from '../../lib/observe/index.ts'
import { reasonOf } from '../reason.ts'
import type { AutoSeal } from './auto-seal.ts'

export interface HealthWatchDeps {
  readonly seal: Pick<AutoSeal, 'type' | 'test'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Called after each test that passed: what is stored may be wrapped with an older key. Gives whether it was wrapped anew. */
  rewrap(): Promise<boolean>
}

export interface SealHealth {
  readonly healthy: boolean
  /** Wall clock, ms. */
  readonly unhealthySince: number | undefined
}

const INTERVAL = 600_000
const INTERVAL_WHILE_FAILING = 60_000

export class HealthWatch {
  readonly #deps: HealthWatchDeps
  readonly #unreachable: Gauge
  #timer: Timer | undefined
  #running = false
  #mayWrite = false
  #unhealthySince: number | undefined
  #lastHealthy = 0

  constructor(deps: HealthWatchDeps) {
    this.#deps = deps
    this.#unreachable = deps.metrics.gauge('vault.seal.unreachable.time')
  }

  /** The first test is made at once, and nobody waits for it. Only a server that may write, wraps anew. */
  start(mayWrite: boolean): void {
    this.#running = true
    this.#mayWrite = mayWrite
    this.#unhealthySince = undefined
    this.#lastHealthy = this.#deps.clock.monotonic()
    this.#timer = this.#deps.clock.timer(0, () => this.#look())
  }

  /** A test under way ends by itself, and changes nothing any more. */
  stop(): void {
    this.#running = false
    this.#timer?.cancel()
    this.#unhealthySince = undefined
  }

  status(): SealHealth {
    return { healthy: this.#unhealthySince === undefined, unhealthySince: this.#unhealthySince }
  }

  async #look(): Promise<void> {
    const failure = await this.#test()
    if (!this.#running) return
    if (failure === undefined) this.#passed()
    else this.#failed(failure)
    if (failure === undefined && this.#mayWrite) await this.#rewrap()
    if (!this.#running) return
    const wait = failure === undefined ? INTERVAL : INTERVAL_WHILE_FAILING
    this.#timer = this.#deps.clock.timer(wait, () => this.#look())
  }

  async #test(): Promise<string | undefined> {
    try {
      await this.#deps.seal.test()
      return undefined
    } catch (error) {
      return reasonOf(error)
    }
  }

  #passed(): void {
    const { clock, log, seal } = this.#deps
    if (this.#unhealthySince === undefined)
      log.debug('the key service of the seal passed its test', { seal: seal.type })
    else {
      const seconds = Math.round((clock.monotonic() - this.#lastHealthy) / 1000)
      log.info('the key service of the seal works again', { seal: seal.type, seconds })
    }
    this.#unhealthySince = undefined
    this.#lastHealthy = clock.monotonic()
    this.#unreachable.set(0)
  }

  #failed(reason: string): void {
    const { clock, log, seal } = this.#deps
    log.warn('the key service of the seal failed its test: without it this server cannot unseal again', {
      seal: seal.type,
      reason,
    })
    this.#unhealthySince ??= clock.now()
    this.#unreachable.set(clock.monotonic() - this.#lastHealthy)
  }

  async #rewrap(): Promise<void> {
    const { log, rewrap, seal } = this.#deps
    try {
      if (await rewrap()) log.info('wrapped the root key anew, as the key service has another key', { seal: seal.type })
    } catch (error) {
      log.warn('the root key could not be wrapped anew with the newer key', { reason: reasonOf(error) })
    }
  }
}
