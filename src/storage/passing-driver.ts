/** A driver that hands everything on to another; what differs is overridden. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Change, Driver, Election, Entry, ReadSet, Sequence, Snapshot, WriteSet } from './driver.ts'

export class PassingDriver implements Driver {
  protected readonly inner: Driver

  constructor(inner: Driver) {
    this.inner = inner
  }

  get type(): string {
    return this.inner.type
  }

  get maxKeyBytes(): number {
    return this.inner.maxKeyBytes
  }

  get maxValueBytes(): number {
    return this.inner.maxValueBytes
  }

  get sequence(): Sequence {
    return this.inner.sequence
  }

  get current(): boolean {
    return this.inner.current
  }

  get election(): Election | undefined {
    return this.inner.election
  }

  snapshot(): Awaitable<Snapshot> {
    return this.inner.snapshot()
  }

  commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    return this.inner.commit(reads, writes)
  }

  replace(entries: AsyncIterable<readonly Entry[]>): Promise<Sequence> {
    return this.inner.replace(entries)
  }

  reach(sequence: Sequence, ms: number): Promise<boolean> {
    return this.inner.reach(sequence, ms)
  }

  subscribe(listener: (change: Change) => void): () => void {
    return this.inner.subscribe(listener)
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}
