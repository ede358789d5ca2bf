import type { Sequence } from './driver.ts'

/** Counts the open snapshots of each sequence. They are opened in growing order, so the first entry is the oldest. */
export class OpenSnapshots {
  readonly #counts = new Map<Sequence, number>()

  add(sequence: Sequence): void {
    this.#counts.set(sequence, (this.#counts.get(sequence) ?? 0) + 1)
  }

  remove(sequence: Sequence): void {
    const count = this.#counts.get(sequence) ?? 0
    if (count > 1) this.#counts.set(sequence, count - 1)
    else this.#counts.delete(sequence)
  }

  oldest(): Sequence | undefined {
    for (const sequence of this.#counts.keys()) return sequence
    return undefined
  }
}
