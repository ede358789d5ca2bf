/** Looks every now and then whether a snapshot has been open for so long that other nodes must know of it. */
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import { pause } from './postgres-backoff.ts'
import type { ErrorTranslator } from './postgres-error.ts'
import type { PostgresPins } from './postgres-pins.ts'
import type { PostgresSnapshot } from './postgres-snapshot.ts'

export interface KeeperOptions {
  readonly pins: PostgresPins
  /** Those open, in the order in which they were opened. */
  readonly snapshots: ReadonlySet<PostgresSnapshot>
  readonly clock: Clock
  readonly log: Logger | undefined
  readonly errors: ErrorTranslator
  /** ms. */
  readonly pinAfter: number
}

export class PostgresKeeper {
  readonly #options: KeeperOptions
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, pinAfter } = this.#options
    const { signal } = this.#stop
    for (;;) {
      await pause(clock, pinAfter / 2, signal)
      if (signal.aborted) break
      await this.#look(this.#longest())
    }
    await this.#look(undefined)
  }

  async #look(snapshot: PostgresSnapshot | undefined): Promise<void> {
    const { pins, log, errors } = this.#options
    try {
      await pins.keep(snapshot?.sequence)
    } catch (error) {
      log?.warn('a long snapshot could not be told of', { cause: errors.clean(error).message })
    }
  }

  #longest(): PostgresSnapshot | undefined {
    const { snapshots, clock, pinAfter } = this.#options
    const [oldest] = snapshots
    return oldest !== undefined && clock.monotonic() - oldest.openedAt >= pinAfter ? oldest : undefined
  }
}
