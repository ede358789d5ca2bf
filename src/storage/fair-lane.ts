/** Lets one in at a time, in the order of arrival. */
export class FairLane {
  #last: Promise<void> = Promise.resolve()

  /** Resolves when it is the caller's turn, to the function that ends it. */
  async enter(): Promise<() => void> {
    const before = this.#last
    const turn = Promise.withResolvers<void>()
    this.#last = turn.promise
    await before
    return turn.resolve
  }
}
