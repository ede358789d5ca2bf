/** What is wrong with a declaration: a sentence, with its place where it has one. All of them are told at once. */
export class DeclarationError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DeclarationError'
  }
}

/** Gathers what is wrong, so that its author sees all of it at once. */
export class Problems {
  readonly found: string[] = []

  add(place: string, sentence: string): void {
    const whole = `${place}: ${sentence}`
    if (!this.found.includes(whole)) this.found.push(whole)
  }

  /** What `work` gives; undefined once what it complained of was noted. */
  async during<T>(place: string, work: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error
      this.add(place, error.message)
      return undefined
    }
  }
}
