import type { Change } from './driver.ts'

/** The subscribers of a driver. */
export class ChangeFeed {
  readonly #listeners = new Set<(change: Change) => void>()

  subscribe(listener: (change: Change) => void): () => void {
    // Wrapped, so that one function subscribed twice is two subscriptions.
    const own = (change: Change): void => listener(change)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** A listener that throws must not leave a durable commit unanswered: it is reported and the others still hear of it. */
  publish(change: Change): void {
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error), { code: 'COFFER_CHANGE_LISTENER' })
      }
    }
  }
}
