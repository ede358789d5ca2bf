/**
 * Typed fields of requests and stored records. One declaration gives the TypeScript type, the parsing of Vault's loose inputs,
 * the OpenAPI schema and the reference page. The coercions are Vault's (sdk/framework, "weakly typed" decoding), in one place:
 * `coerce.ts`.
 */
import { requestErrors } from '../errors/request.ts'
import type { JsonValue, RawJson } from '../lib/json/index.ts'

/** What a field is given: JSON text of a body member, or the string of a query or path parameter. */
export type Input = RawJson | string

export type JsonSchema = { readonly [key: string]: JsonValue | JsonSchema | readonly (JsonValue | JsonSchema)[] }

export interface Traits {
  readonly optional: boolean
  /** Its values never stand in clear in audit entries even where keys are exempt, nor in any log. */
  readonly sensitive: boolean
  readonly deprecated: boolean
  readonly defaultValue: JsonValue | undefined
  /** Also looked for in the query of a write. */
  readonly example: JsonValue | undefined
}

export class Field<T> {
  readonly description: string
  readonly schema: JsonSchema
  /** What the field takes, for error messages: "a duration such as 1h or 3600". */
  readonly takes: string
  readonly traits: Traits
  readonly #parse: (input: Input) => T | undefined
  readonly #fallback: (() => T) | undefined
  readonly #whenNull: (() => T) | undefined

  constructor(init: {
    description: string
    schema: JsonSchema
    takes: string
    parse: (input: Input) => T | undefined
    traits?: Partial<Traits>
    fallback?: (() => T) | undefined
    whenNull?: (() => T) | undefined
  }) {
    this.description = init.description
    this.schema = init.schema
    this.takes = init.takes
    this.traits = {
      optional: false,
      sensitive: false,
      deprecated: false,
      defaultValue: undefined,
      example: undefined,
      ...init.traits,
    }
    this.#parse = init.parse
    this.#fallback = init.fallback
    this.#whenNull = init.whenNull
  }

  /** The value; throws `REQUEST_FIELD` (400) naming the field, never its value. A JSON null counts as absent: see `orNull`. */
  parse(input: Input | undefined, name: string): T {
    const isNull = isNullText(input)
    if (isNull && this.#whenNull !== undefined) return this.#whenNull()
    if (input === undefined || isNull) {
      if (this.#fallback !== undefined) return this.#fallback()
      throw requestErrors.MISSING_FIELD({ field: name })
    }
    const value = this.#parse(input)
    if (value === undefined) throw requestErrors.FIELD({ field: name, takes: this.takes })
    return value
  }

  /** The value, or undefined where the input is none: for an engine that answers in its own words. */
  tryParse(input: Input): T | undefined {
    return this.#parse(input)
  }

  optional(): Field<T | undefined> {
    return new Field<T | undefined>({
      ...this.#init(),
      traits: { ...this.traits, optional: true },
      parse: (input) => this.#parse(input),
      fallback: () => undefined,
    })
  }

  /** Optional, with a JSON null told from an absence: it resets what is stored, or takes it away in a merge patch. */
  orNull(): Field<T | null | undefined> {
    return new Field<T | null | undefined>({
      ...this.#init(),
      traits: { ...this.traits, optional: true },
      fallback: () => undefined,
      whenNull: () => null,
    })
  }

  default(value: T & JsonValue): Field<T> {
    return new Field<T>({
      ...this.#init(),
      traits: { ...this.traits, optional: true, defaultValue: value },
      fallback: () => value,
    })
  }

  /** Like `default`, for values that are not JSON (maps). */
  orElse(make: () => T): Field<T> {
    return new Field<T>({ ...this.#init(), traits: { ...this.traits, optional: true }, fallback: make })
  }

  sensitive(): Field<T> {
    return new Field<T>({ ...this.#init(), traits: { ...this.traits, sensitive: true } })
  }

  deprecated(): Field<T> {
    return new Field<T>({ ...this.#init(), traits: { ...this.traits, deprecated: true } })
  }

  /** Further restricts the value. */
  check(takes: string, test: (value: T) => boolean): Field<T> {
    return new Field<T>({
      ...this.#init(),
      takes,
      parse: (input) => {
        const value = this.#parse(input)
        return value !== undefined && test(value) ? value : undefined
      },
    })
  }

  #init() {
    return {
      description: this.description,
      schema: this.schema,
      takes: this.takes,
      parse: this.#parse,
      traits: this.traits,
      fallback: this.#fallback,
      whenNull: this.#whenNull,
    }
  }
}

export type Fields = { readonly [name: string]: Field<unknown> }

/** The record that a set of fields parses to. */
export type Infer<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

export type NoFields = Record<never, never>

/** Parses each declared field; names that are not declared are ignored, as Vault does. */
export function parseFields<F extends Fields>(fields: F, input: ReadonlyMap<string, Input>): Infer<F> {
  const out: Record<string, unknown> = {}
  for (const name in fields) {
    const field = fields[name]
    if (field === undefined) continue
    out[name] = field.parse(input.get(name), name)
  }
  // The loop above gave every declared name the type of its field; TypeScript can't follow that through a Record.
  return out as Infer<F>
}

function isNullText(input: Input | undefined): boolean {
  return typeof input === 'object' && input.text === 'null'
}
