import type { Secret } from './secret.ts'

export interface ResponseErrorParts {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly namespace: string
  /** The reply's `errors` list; undefined if the body is not Vault's JSON. */
  readonly errors: readonly string[] | undefined
  readonly body: string
  /** What came with a 404 that has data or warnings. */
  readonly secret: Secret | undefined
}

/** The server answered with an error. */
export class ResponseError extends Error {
  readonly status: number
  readonly errors: readonly string[]
  readonly secret: Secret | undefined

  constructor(parts: ResponseErrorParts) {
    super(describe(parts))
    this.name = 'ResponseError'
    this.status = parts.status
    this.errors = parts.errors ?? []
    this.secret = parts.secret
  }
}

function describe(parts: ResponseErrorParts): string {
  const namespace = parts.namespace === '' || parts.namespace === 'root/' ? '' : `Namespace: ${parts.namespace}\n`
  const label = parts.errors === undefined ? 'Raw Message' : 'Errors'
  const body = parts.errors === undefined ? parts.body : parts.errors.map((error) => `* ${error}`).join('\n')
  return `Error making API request.\n\n${namespace}URL: ${parts.method} ${parts.url}\nCode: ${parts.status}. ${label}:\n\n${body}`
}

/** No answer came from the server. */
export class ConnectionError extends Error {
  /** Node's code, such as ECONNREFUSED. */
  readonly code: string

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause })
    this.name = 'ConnectionError'
    this.code = code
  }
}
