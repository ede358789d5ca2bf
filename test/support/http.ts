/** A plain HTTP client for tests: any verb, any header, the answer's text as it came. */
import http from 'node:http'
import https from 'node:https'

export interface CallOptions {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: unknown
  /** Bytes to send instead of the JSON of `body`. */
  readonly bytes?: Uint8Array | string
  readonly ca?: Buffer
  readonly agent?: http.Agent
  readonly localAddress?: string
  /** After so long without an answer it is an error, ms. */
  readonly timeout?: number
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  readonly bytes: Buffer
  /** Parsed; undefined where the body is not JSON. */
  readonly json: unknown
}

export function request(address: string, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const client = address.startsWith('https') ? https : http
  const body = options.bytes ?? (options.body === undefined ? undefined : JSON.stringify(options.body))
  const headers: Record<string, string | string[]> = {
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(options.token === undefined || options.token === '' ? {} : { 'X-Vault-Token': options.token }),
    ...options.headers,
  }
  const { ca, agent, localAddress, timeout } = options
  return new Promise((resolve, reject) => {
    const sent = client.request(
      new URL(address),
      // The path goes beside the URL, which would rewrite it.
      {
        method,
        path,
        headers,
        ...(ca === undefined ? {} : { ca }),
        ...(agent === undefined ? {} : { agent }),
        ...(localAddress === undefined ? {} : { localAddress }),
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          const text = bytes.toString()
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, bytes, json: parsed(text) })
        })
      },
    )
    sent.on('error', reject)
    if (timeout !== undefined) sent.setTimeout(timeout, () => sent.destroy(new Error('no answer in time')))
    sent.end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
