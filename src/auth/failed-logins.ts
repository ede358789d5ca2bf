/**
 * Failed log-ins by name, in memory: Vault keeps them so, too. What is kept of names that nobody has, which anybody can send as many of
 * as he likes, is bounded and pushes nothing out of what is kept of the others.
 */
export interface FailedLogins {
  readonly count: number
  /** Steady time of the last, ms. */
  readonly last: number
}

/** Names. A few hundred bytes each. */
const KNOWN = 100_000
const UNKNOWN = 10_000

export class FailureBook {
  readonly #known = new Map<string, FailedLogins>()
  readonly #unknown = new Map<string, FailedLogins>()

  get(name: string): FailedLogins | undefined {
    return this.#known.get(name) ?? this.#unknown.get(name)
  }

  /** @param reset after how long, ms, what was before counts no more. */
  note(name: string, known: boolean, now: number, reset: number): FailedLogins {
    const before = this.get(name)
    const count = before === undefined || now - before.last > reset ? 1 : before.count + 1
    const failures = { count, last: now }
    this.forget(name)
    const book = known ? this.#known : this.#unknown
    book.set(name, failures)
    // A map gives its keys in the order of their coming: the one that failed least lately goes.
    const [oldest] = book.keys()
    if (book.size > (known ? KNOWN : UNKNOWN) && oldest !== undefined) book.delete(oldest)
    return failures
  }

  forget(name: string): void {
    this.#known.delete(name)
    this.#unknown.delete(name)
  }

  clear(): void {
    this.#known.clear()
    this.#unknown.clear()
  }
}
