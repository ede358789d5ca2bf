/** JSON over HTTP to one server: no redirects, no cookies, answers of bounded size. */
import { readFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest, type RequestOptions } from 'node:https'

export interface JsonClientOptions {
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  /** Paths of PEM files; read at each connection, so that renewed ones are used. */
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly serverName?: string
  readonly skipVerify?: boolean
}

export interface JsonAnswer {
  readonly status: number
  /** Undefined where it is no JSON. */
  readonly body: unknown
}

const MAX_ANSWER_BYTES = 1_048_576

export class JsonClient {
  readonly #options: JsonClientOptions
  readonly #base: URL

  /** Throws a sentence for an address that is none. */
  constructor(options: JsonClientOptions) {
    const base = URL.canParse(options.address) ? new URL(options.address) : undefined
    if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== '')
      throw new Error('the address takes the form https://host:port')
    this.#options = options
    this.#base = base
  }

  post(path: string, body: object, signal: AbortSignal): Promise<JsonAnswer> {
    const bytes = Buffer.from(JSON.stringify(body))
    const headers = { ...this.#options.headers, 'content-type': 'application/json', 'content-length': bytes.length }
    return new Promise((resolve, reject) => {
      const send = this.#base.protocol === 'https:' ? tlsRequest : plainRequest
      const url = new URL(`${this.#base.pathname.replace(/\/+$/, '')}${path}`, this.#base)
      const sent = send(url, { method: 'POST', headers, signal, ...this.#tls() }, (answer) => {
        const parts: Buffer[] = []
        let length = 0
        answer.on('data', (part: Buffer) => {
          length += part.length
          if (length > MAX_ANSWER_BYTES) sent.destroy(new Error('the answer is too long'))
          else parts.push(part)
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: parsed(Buffer.concat(parts)) }))
        answer.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(bytes)
    })
  }

  #tls(): RequestOptions {
    if (this.#base.protocol !== 'https:') return {}
    const { caFile, certFile, keyFile, serverName, skipVerify = false } = this.#options
    return {
      agent: false,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: !skipVerify,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
      ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
      ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    }
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** A member of what is perhaps an object. */
export function memberOf(value: unknown, ...path: readonly string[]): unknown {
  let here = value
  for (const name of path) {
    here =
      typeof here === 'object' && here !== null ? new Map<string, unknown>(Object.entries(here)).get(name) : undefined
  }
  return here
}
