/** Cross-origin requests (`sys/config/cors`): off unless an operator allows named origins. Source: Vault API docs, /sys/config/cors. */
import { collection, f } from '../framework/index.ts'
import type { CorsConfig, CorsPort } from '../request/system-ports.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

const stored = collection('core/cors', { enabled: f.bool(), allowed_origins: f.list(), allowed_headers: f.list() })

const STANDARD_HEADERS = [
  'Content-Type',
  'Authorization',
  'X-Vault-Token',
  'X-Vault-Namespace',
  'X-Vault-MFA',
  'X-Vault-No-Request-Forwarding',
  'X-Vault-Wrap-Format',
  'X-Vault-Wrap-TTL',
  'X-Requested-With',
  'X-Vault-AWS-IAM-Server-ID',
  'X-Vault-Policy-Override',
]
const METHODS = ['DELETE', 'GET', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'LIST', 'SCAN']
const OFF: CorsConfig = Object.freeze({ enabled: false, allowedOrigins: [], allowedHeaders: [] })

export class Cors implements CorsPort {
  #config = OFF

  async load(view: ReadView): Promise<void> {
    const record = await stored.get(view, {})
    this.#config =
      record === undefined
        ? OFF
        : { enabled: record.enabled, allowedOrigins: record.allowed_origins, allowedHeaders: record.allowed_headers }
  }

  clear(): void {
    this.#config = OFF
  }

  get(): CorsConfig {
    return this.#config
  }

  async put(view: WriteView, config: CorsConfig): Promise<void> {
    const allowedHeaders = [...new Set([...STANDARD_HEADERS, ...config.allowedHeaders])]
    const next: CorsConfig = Object.freeze({ ...config, allowedHeaders })
    stored.put(
      view,
      {},
      { enabled: next.enabled, allowed_origins: next.allowedOrigins, allowed_headers: allowedHeaders },
    )
    view.onCommitted(() => {
      this.#config = next
    })
  }

  async delete(view: WriteView): Promise<void> {
    stored.delete(view, {})
    view.onCommitted(() => {
      this.#config = OFF
    })
  }

  /** A finished answer where the origin is refused or only asks (preflight); else the headers to add, or undefined. */
  check(wire: Pick<WireRequest, 'method' | 'headers'>): CorsVerdict {
    const origin = wire.headers.get('origin')?.[0]
    const preflight = wire.method === 'OPTIONS'
    if (!this.#config.enabled || origin === undefined)
      return preflight ? { reply: refuse(400, 'CORS is not enabled') } : {}
    if (!this.#allows(origin)) return { reply: refuse(403, 'origin not allowed') }
    const headers: [string, string][] = [
      ['Access-Control-Allow-Origin', origin],
      ['Vary', 'Origin'],
    ]
    if (!preflight) return { headers }
    const method = wire.headers.get('access-control-request-method')?.[0] ?? ''
    if (!METHODS.includes(method)) return { reply: { status: 405, headers, body: undefined } }
    headers.push(
      ['Access-Control-Allow-Headers', this.#config.allowedHeaders.join(',')],
      ['Access-Control-Allow-Methods', METHODS.join(',')],
      ['Access-Control-Max-Age', '300'],
    )
    return { reply: { status: 200, headers, body: undefined } }
  }

  #allows(origin: string): boolean {
    return this.#config.allowedOrigins.some(
      (allowed) => allowed === '*' || allowed.toLowerCase() === origin.toLowerCase(),
    )
  }
}

export interface CorsVerdict {
  readonly reply?: WireReply
  readonly headers?: readonly (readonly [string, string])[]
}

function refuse(status: number, reason: string): WireReply {
  return { status, headers: [['Content-Type', 'application/json']], body: `{"errors":["${reason}"]}\n` }
}
