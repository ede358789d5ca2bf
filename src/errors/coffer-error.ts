/** The one family of errors. What a client sees (`messages`) and what the log sees (`cause`) are kept apart. */

export interface ErrorRow<P> {
  /** HTTP status, as Vault answers. */
  readonly status: number
  /** The sentence a client reads. It names fields and what they take, never their values. */
  readonly message: string | ((params: P) => string)
}

export interface ErrorOptions {
  readonly cause?: unknown
  /** Further entries of the reply's `errors` list. */
  readonly also?: readonly string[]
}

export class CofferError extends Error {
  readonly code: string
  readonly status: number
  /** The reply's `errors` list; empty for an absence (404 with `{"errors":[]}`). */
  readonly messages: readonly string[]

  constructor(code: string, status: number, messages: readonly string[], cause?: unknown) {
    super(messages.join('; ') || code, cause === undefined ? undefined : { cause })
    this.name = 'CofferError'
    this.code = code
    this.status = status
    this.messages = messages
  }
}

type Row = { readonly status: number; readonly message: string | ((params: never) => string) }
type ParamsOf<R> = R extends { message: (params: infer P) => string } ? P : undefined

/** One thrower per row: `errors.CAS_MISMATCH()` or `errors.FIELD({ field })`. */
export type ErrorFactory<T extends Record<string, Row>> = {
  readonly [K in keyof T]: ParamsOf<T[K]> extends undefined
    ? (params?: undefined, options?: ErrorOptions) => CofferError
    : (params: ParamsOf<T[K]>, options?: ErrorOptions) => CofferError
}

export interface DocumentedError {
  readonly code: string
  readonly status: number
}

const documented = new Map<string, DocumentedError>()

/** Every row declared so far, for the reference page and its test. */
export function documentedErrors(): readonly DocumentedError[] {
  return [...documented.values()].toSorted((a, b) => (a.code < b.code ? -1 : 1))
}

/**
 * Declares rows of the error table. A code is `AREA_NAME`, unique in the program and stable for ever: programs compare it,
 * never the sentence.
 */
export function defineErrors<const T extends Record<string, Row>>(area: string, rows: T): ErrorFactory<T> {
  const out: Record<string, (params?: never, options?: ErrorOptions) => CofferError> = Object.create(null)
  for (const [name, row] of Object.entries(rows)) {
    const code = `${area}_${name}`
    if (documented.has(code)) throw new Error(`error code ${code} is declared twice`)
    documented.set(code, { code, status: row.status })
    const { message } = row
    out[name] = (params, options) => {
      const text = typeof message === 'string' ? message : message(params as never)
      return new CofferError(
        code,
        row.status,
        [...(text === '' ? [] : [text]), ...(options?.also ?? [])],
        options?.cause,
      )
    }
  }
  return out as ErrorFactory<T>
}
