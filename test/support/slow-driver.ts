/** A driver whose every answer comes some turns late, each a different number: an await between a check and its act shows. */
import type { Change, Driver, ReadSet, Sequence, Snapshot, WriteSet } from '../../src/storage/driver.ts'

export class SlowDriver implements Driver {
  readonly #inner: Driver
  readonly #random: () => number

  constructor(inner: Driver, random: () => number) {
    this.#inner = inner
    this.#random = random
  }

  get type(): string {
    return this.#inner.type
  }

  get maxKeyBytes(): number {
    return this.#inner.maxKeyBytes
  }

  get maxValueBytes(): number {
    return this.#inner.maxValueBytes
  }

  get sequence(): Sequence {
    return this.#inner.sequence
  }

  async snapshot(): Promise<Snapshot> {
    await this.#late()
    const inner = await this.#inner.snapshot()
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
      close: () => inner.close(),
    }
  }

  async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    await this.#late()
    const sequence = await this.#inner.commit(reads, writes)
    await this.#late()
    return sequence
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.#inner.subscribe(listener)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #late(): Promise<void> {
    for (let turns = Math.floor(this.#random() * 6); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve))
  }
}
