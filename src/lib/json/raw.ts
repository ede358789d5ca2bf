import type { JsonValue } from './types.ts'

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

const inspect = Symbol.for('nodejs.util.inspect.custom')

/**
 * A piece of JSON that goes out byte for byte as it came in: integers past 2^53, `1.0`, key order and escapes survive.
 * Immutable. Its content may be a secret, so printing or `JSON.stringify`ing one shows a placeholder: `stringify` writes it.
 */
export class RawJson {
  readonly text: string
  #parsed = false
  #value: JsonValue = null

  /** `text` must be one valid JSON value without white space around it; text from outside goes through `parseRaw`. */
  constructor(text: string) {
    this.text = text
  }

  /** Parsed once, on first use; the same object every time, so treat it as frozen. */
  value(): JsonValue {
    if (!this.#parsed) {
      const parsed: JsonValue = JSON.parse(this.text)
      this.#value = parsed
      this.#parsed = true
    }
    return this.#value
  }

  get kind(): JsonKind {
    switch (this.text.charCodeAt(0)) {
      case 0x7b:
        return 'object'
      case 0x5b:
        return 'array'
      case 0x22:
        return 'string'
      case 0x74:
      case 0x66:
        return 'boolean'
      case 0x6e:
        return 'null'
      default:
        return 'number'
    }
  }

  toJSON(): string {
    return '[raw json]'
  }

  [inspect](): string {
    return `RawJson(${this.kind}, [redacted])`
  }
}
