/** Unseals the server by itself when it starts, or gets another vault: at once where the key service answers, else as soon as it does. */
import { CofferError } from '../../errors/coffer-error.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import { reasonOf } from '../reason.ts'

export interface SelfUnsealDeps {
  /** Rejects as `SealManager.unsealByItself`. */
  unseal(): Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

const FIRST_WAIT = 1000
const LONGEST_WAIT = 60_000
/** Somebody may initialise the storage, or move it to this seal, through another server. */
const WAIT_FOR_OTHERS = 5000

export class SelfUnseal {
  readonly #deps: SelfUnsealDeps
  #timer: Timer | undefined
  #running = false
  #wait = FIRST_WAIT
  /** What it waits for, told once. */
  #waitsFor = ''

  constructor(deps: SelfUnsealDeps) {
    this.#deps = deps
  }

  /** Tries until it works once. Who seals the server later means it; where another vault is restored, it is started again. */
  start(): void {
    if (this.#running) return
    this.#wait = FIRST_WAIT
    this.#running = true
    this.#timer = this.#deps.clock.timer(0, () => this.#attempt())
  }

  stop(): void {
    this.#running = false
    this.#timer?.cancel()
  }

  async #attempt(): Promise<void> {
    try {
      await this.#deps.unseal()
      this.#running = false
    } catch (error) {
      if (!this.#running) return
      const wait = this.#waitAfter(error)
      this.#timer = this.#deps.clock.timer(wait, () => this.#attempt())
    }
  }

  #waitAfter(error: unknown): number {
    const code = error instanceof CofferError ? error.code : ''
    if (code === 'REQUEST_NOT_INITIALIZED') return this.#others('waiting to be initialized: then it unseals by itself')
    if (code === 'SEAL_MIGRATING') {
      return this.#others(
        'the vault is to be moved to this seal: give the shares with `coffer operator unseal -migrate`',
      )
    }
    const wait = this.#wait
    this.#wait = Math.min(wait * 2, LONGEST_WAIT)
    this.#deps.log.warn('the server could not unseal by itself and tries again', {
      code,
      reason: reasonOf(error),
      seconds: wait / 1000,
    })
    return wait
  }

  #others(message: string): number {
    if (this.#waitsFor !== message) this.#deps.log.info(message)
    this.#waitsFor = message
    return WAIT_FOR_OTHERS
  }
}
