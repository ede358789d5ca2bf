/** Lets in no more under one name than a limit that is asked for anew whenever one may go in. The others wait, in their order. */

export interface Turn {
  end(): void
}

interface Place {
  inside: number
  /** Inside or on the way in. */
  users: number
  readonly waiting: (() => void)[]
}

export class Turns {
  readonly #places = new Map<string, Place>()

  /** `limit` may throw instead of letting in; that is what `take` rejects with. */
  async take(name: string, limit: () => number): Promise<Turn> {
    const place = this.#places.get(name) ?? { inside: 0, users: 0, waiting: [] }
    this.#places.set(name, place)
    place.users++
    try {
      while (place.inside >= limit()) {
        const { promise, resolve } = Promise.withResolvers<void>()
        place.waiting.push(resolve)
        await promise
      }
    } catch (error) {
      // Who comes next is told the same, as nobody inside may be left to let him in.
      this.#leave(name, place)
      throw error
    }
    place.inside++
    let ended = false
    return {
      end: () => {
        if (ended) return
        ended = true
        place.inside--
        this.#leave(name, place)
      },
    }
  }

  #leave(name: string, place: Place): void {
    place.users--
    if (place.users === 0 && this.#places.get(name) === place) this.#places.delete(name)
    place.waiting.shift()?.()
  }
}
