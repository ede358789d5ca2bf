/** Wrapping what the seal keeps with its newest key, on demand (`sys/sealwrap/rewrap`). It is done by itself, too, when the key changes. */
import type { JsonOut } from '../lib/json/index.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { SealWrapPort } from '../request/inspect-ports.ts'
import { toCofferError } from './failure.ts'

export interface SealWrapDeps {
  readonly log: Logger
  /** True where there was something to do. */
  rewrap(): Promise<boolean>
}

export class SealWrap implements SealWrapPort {
  readonly #deps: SealWrapDeps
  #isRunning = false
  #entries = { processed: 0, succeeded: 0, failed: 0 }

  constructor(deps: SealWrapDeps) {
    this.#deps = deps
  }

  rewrap(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#run()
  }

  status(): ReadonlyMap<string, JsonOut> {
    return new Map<string, JsonOut>([
      ['is_running', this.#isRunning],
      ['entries', this.#entries],
    ])
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      const done = (await this.#deps.rewrap()) ? 1 : 0
      this.#entries = { processed: 1, succeeded: done, failed: 0 }
    } catch (error) {
      this.#entries = { processed: 1, succeeded: 0, failed: 1 }
      this.#deps.log.warn('the root key could not be wrapped anew', { code: toCofferError(error).code })
    } finally {
      this.#isRunning = false
    }
  }
}
