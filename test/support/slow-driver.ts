/** A driver whose every answer comes some turns late, each a different number: an await between a check and its act shows. */
import type { Driver, ReadSet, Sequence, Snapshot, WriteSet } from '../../src/storage/driver.ts'
import { PassingDriver } from '../../src/storage/passing-driver.ts'

export class SlowDriver extends PassingDriver {
  readonly #random: () => number

  constructor(inner: Driver, random: () => number) {
    super(inner)
    this.#random = random
  }

  override async snapshot(): Promise<Snapshot> {
    await this.#late()
    const inner = await this.inner.snapshot()
    return {
      sequence: inner.sequence,
      get: async (key) => {
        await this.#late()
        return inner.get(key)
      },
      keys: async (range) => {
        await this.#late()
        return inner.keys(range)
      },
      entries: async (range) => {
        await this.#late()
        return inner.entries(range)
      },
      close: () => inner.close(),
    }
  }

  override async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    await this.#late()
    const sequence = await this.inner.commit(reads, writes)
    await this.#late()
    return sequence
  }

  async #late(): Promise<void> {
    for (let turns = Math.floor(this.#random() * 6); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve))
  }
}
