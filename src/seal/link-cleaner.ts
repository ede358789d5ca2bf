/** Removes what leads from an old root key to the new one, once every server that follows has had its time. */
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Store } from '../storage/store.ts'
import { LINK_LIFETIME } from './root-key-links.ts'
import { ROOT_KEY_LINKS_KEY } from './storage-keys.ts'

export interface LinkCleanerDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

export class LinkCleaner {
  readonly #deps: LinkCleanerDeps
  #timer: Timer | undefined
  #unsubscribe: (() => void) | undefined

  constructor(deps: LinkCleanerDeps) {
    this.#deps = deps
  }

  /** On the leader: also for those that another left behind. */
  start(role: 'leader' | 'reader'): void {
    if (role !== 'leader') return
    this.#unsubscribe = this.#deps.store.driver.subscribe(({ keys }) => {
      if (keys.includes(ROOT_KEY_LINKS_KEY)) this.#wait()
    })
    this.#wait()
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#timer?.cancel()
  }

  #wait(): void {
    this.#timer?.cancel()
    this.#timer = this.#deps.clock.timer(LINK_LIFETIME, () => this.#clean())
  }

  async #clean(): Promise<void> {
    try {
      await this.#deps.store.write(async (view) => {
        if ((await view.get(ROOT_KEY_LINKS_KEY)) !== undefined) view.delete(ROOT_KEY_LINKS_KEY)
      })
    } catch (error) {
      this.#deps.log.warn('what leads to the newest root key could not be removed, and is so later', {
        cause: error instanceof Error ? error.name : 'unknown',
      })
      this.#wait()
    }
  }
}
