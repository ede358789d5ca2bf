const inspect = Symbol.for('nodejs.util.inspect.custom')
const shown = '[redacted]'

/** A value that never shows when printed, logged, inspected or turned into JSON. */
export class Secret<T = string> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The value itself. Whoever calls this answers for where it goes. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [Symbol.toPrimitive](): string {
    return shown
  }

  [inspect](): string {
    return shown
  }
}
