/**
 * Bounds what the bodies of all requests of a listener take together while they are read and used. A reader that would go
 * past it waits, its socket unread; the oldest reader always goes on, so that all get there. Bodies up to `free` bytes don't count.
 */
export interface BodyHolder {
  /** Bytes held so far. */
  readonly size: number
  pause(): void
  resume(): void
}

export const free = 65_536

export class BodyBudget {
  readonly #limit: number
  /** In order of arrival, with what each was charged. */
  readonly #holders = new Map<BodyHolder, number>()
  #total = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** To be called whenever `holder` has grown past `free`. May pause it. */
  charge(holder: BodyHolder): void {
    const before = this.#holders.get(holder) ?? 0
    this.#holders.set(holder, holder.size)
    this.#total += holder.size - before
    if (this.#total > this.#limit && this.#oldest() !== holder) holder.pause()
  }

  /** The holder's bytes are not needed any more. May resume others. */
  release(holder: BodyHolder): void {
    const held = this.#holders.get(holder)
    if (held === undefined) return
    this.#holders.delete(holder)
    this.#total -= held
    if (this.#total <= this.#limit) for (const other of this.#holders.keys()) other.resume()
    else this.#oldest()?.resume()
  }

  #oldest(): BodyHolder | undefined {
    return this.#holders.keys().next().value
  }
}
