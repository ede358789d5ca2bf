import type { Position, Value } from '../lib/hcl/index.ts'
import { parseDuration } from '../lib/duration.ts'

/** Gathers what is wrong with a policy, so that its author sees all of it at once; and reads values with a sentence for each that doesn't fit. */
export class Problems {
  readonly found: string[]
  readonly #scope: string

  constructor(scope = '', found: string[] = []) {
    this.#scope = scope
    this.found = found
  }

  /** The same list, with `scope` before each sentence: `path "a": `. */
  within(scope: string): Problems {
    return new Problems(this.#scope + scope, this.found)
  }

  /** Vault's words first, then what would be right. */
  add(at: Position, sentence: string, hint = ''): undefined {
    this.found.push(
      `${this.#scope}${sentence} on line ${at.line}, column ${at.column}${hint === '' ? '' : `: ${hint}`}`,
    )
    return undefined
  }

  strings(value: Value, field: string): readonly string[] {
    if (value.kind !== 'list') return this.add(value.at, `invalid ${field}`, 'it takes a list of strings') ?? []
    const out: string[] = []
    for (const element of value.elements) {
      const text = this.string(element.value, `element of ${field}`)
      if (text !== undefined) out.push(text)
    }
    return Object.freeze(out)
  }

  string(value: Value, field: string): string | undefined {
    if (value.kind === 'string') return value.value
    if (value.kind === 'number') return value.text
    return this.add(value.at, `invalid ${field}`, 'it takes a string')
  }

  /** Seconds. */
  duration(value: Value, field: string): number | undefined {
    const text = value.kind === 'string' ? value.value : value.kind === 'number' ? value.text : ''
    const seconds = text === '' ? undefined : parseDuration(text)
    if (seconds !== undefined && seconds >= 0) return seconds
    return this.add(value.at, `error parsing ${field}`, 'it takes a duration such as "90s", "1h30m" or 3600')
  }

  count(value: Value, field: string): number | undefined {
    const text =
      value.kind === 'string' ? value.value : value.kind === 'number' && value.integer ? String(value.value) : ''
    return /^\d{1,9}$/.test(text) ? Number(text) : this.add(value.at, `invalid ${field}`, 'it takes a whole number')
  }
}
