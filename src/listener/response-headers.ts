/** Headers every reply carries: the listener's own and those of `custom_response_headers`. */
import type { Logger } from '../lib/observe/index.ts'
import type { ResponseHeadersConfig } from './config.ts'

type Header = readonly [name: string, value: string]

const own: readonly Header[] = [['Cache-Control', 'no-store']]
const hsts: Header = ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains']

/** Framing and meaning of a reply are not for configuration to change, nor is what Vault's clients read. */
const reserved = /^(x-vault-.*|content-length|content-type|connection|date|trailer|transfer-encoding|upgrade)$/iu

/** A header field name (RFC 9110 5.1), and a value without control characters. */
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/iu
const printable = /^[\t\u0020-\u007e\u0080-\u00ff]+$/u

interface Compiled {
  /** Names and values in turn, as `writeHead` takes them. */
  readonly flat: readonly string[]
  /** In lower case, of those from the configuration: they replace the reply's. */
  readonly configured: ReadonlySet<string>
  readonly names: ReadonlySet<string>
}

export class ResponseHeaders {
  readonly #config: ResponseHeadersConfig
  readonly #log: Logger
  readonly #compiled = new Map<number, Compiled>()

  constructor(config: ResponseHeadersConfig, log: Logger) {
    this.#log = log
    this.#config = new Map([...config].map(([status, headers]) => [status, this.#accepted(headers)]))
  }

  /** Names and values in turn; the caller may add to the array. Content-Length and the like are still to come. */
  merge(status: number, reply: readonly Header[]): string[] {
    const base = this.#compiled.get(status) ?? this.#compile(status)
    const out: string[] = []
    let replaced: Set<string> | undefined
    for (const [name, value] of reply) {
      const lower = name.toLowerCase()
      if (base.names.has(lower)) {
        if (base.configured.has(lower)) continue
        replaced ??= new Set()
        replaced.add(lower)
      }
      out.push(name, value)
    }
    for (let i = 0; i < base.flat.length; i += 2) {
      const name = base.flat[i] ?? ''
      if (replaced === undefined || !replaced.has(name.toLowerCase())) out.push(name, base.flat[i + 1] ?? '')
    }
    return out
  }

  #compile(status: number): Compiled {
    const layers = ['default', `${Math.floor(status / 100)}xx`, String(status)]
    const configured = new Map<string, Header>()
    for (const layer of layers) {
      for (const [name, value] of this.#config.get(layer) ?? []) configured.set(name.toLowerCase(), [name, value])
    }
    const all = new Map([...own, hsts].map((header) => [header[0].toLowerCase(), header]))
    for (const [lower, header] of configured) all.set(lower, header)
    const made = { flat: [...all.values()].flat(), configured: new Set(configured.keys()), names: new Set(all.keys()) }
    this.#compiled.set(status, made)
    return made
  }

  #accepted(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    return new Map(
      [...headers].filter(([name, value]) => {
        const fine = token.test(name) && printable.test(value) && !reserved.test(name)
        if (!fine) this.#log.warn('a custom response header is not accepted', { header: name })
        return fine
      }),
    )
  }
}
