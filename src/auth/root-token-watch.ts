/** Counts the root tokens that live and warns of them: each may do everything, and most need not live. */
import type { Clock, Timer } from '../lib/clock.ts'
import type { Gauge, Logger, Metrics } from '../lib/observe/index.ts'
import type { RootTokenIndex } from '../request/token-ports.ts'
import type { Store } from '../storage/store.ts'
import { ROOT_TOKENS } from './token-keys.ts'

export interface RootTokenWatchDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Asked for at each count: tokens are there while the server is active. */
  tokens(): Pick<RootTokenIndex, 'rootTokens'>
}

/** How often it warns while nothing changes, ms. */
const WARN_EVERY = 86_400_000
/** Changes that come together are counted once, ms. */
const SETTLE = 1_000

export class RootTokenWatch {
  readonly #deps: RootTokenWatchDeps
  readonly #gauge: Gauge
  #timer: Timer | undefined
  #unsubscribe: (() => void) | undefined

  constructor(deps: RootTokenWatchDeps) {
    this.#deps = deps
    this.#gauge = deps.metrics.gauge('vault.token.root')
  }

  start(role: 'leader' | 'reader'): void {
    if (role !== 'leader') return
    this.#unsubscribe = this.#deps.store.driver.subscribe(({ keys, reset }) => {
      if (reset === true || keys.some((key) => key.startsWith(ROOT_TOKENS))) this.#wait(SETTLE)
    })
    this.#wait(SETTLE)
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#timer?.cancel()
    this.#gauge.set(0)
  }

  #wait(ms: number): void {
    this.#timer?.cancel()
    this.#timer = this.#deps.clock.timer(ms, () => this.#count())
  }

  async #count(): Promise<void> {
    const { store, log, tokens } = this.#deps
    try {
      const live = await store.read((view) => tokens().rootTokens(view))
      if (this.#unsubscribe === undefined) return
      this.#gauge.set(live.length)
      if (live.length > 0)
        log.warn('root tokens are alive: they may do everything, and are best revoked once they have done their work', {
          count: live.length,
          forEver: live.filter(({ lease }) => lease?.expiresAt === undefined).length,
        })
    } catch (error) {
      log.debug('root tokens could not be counted', { cause: error instanceof Error ? error.name : 'unknown' })
    }
    if (this.#unsubscribe !== undefined) this.#wait(WARN_EVERY)
  }
}
