/** Vault's HTTP API as the commands use it. */
import type { Readable } from 'node:stream'
import type { WebSocket } from 'ws'
import { formatDuration } from '../../lib/duration.ts'
import { failure, DryRun } from '../failure.ts'
import { sanitizePath } from '../paths.ts'
import { readTree, textOf, tree } from '../tree.ts'
import type { JsonTree, TreeSource } from '../tree.ts'
import { queryText, urlPath } from './address.ts'
import type { Query } from './address.ts'
import { readReply } from './reply.ts'
import { ConnectionError, ResponseError } from './response-error.ts'
import { isWorthRetrying, waitBefore } from './retry.ts'
import { parseSecret } from './secret.ts'
import type { Secret } from './secret.ts'
import type { ClientSettings } from './settings.ts'
import { readBody } from './transport.ts'
import type { StreamReply, Transport, WireReply, WireRequest } from './transport.ts'

export interface ClientRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Without `/v1/`, not encoded. */
  readonly path: string
  readonly query?: Query
  readonly body?: TreeSource
  readonly contentType?: string
}

export interface ClientParts {
  readonly settings: ClientSettings
  readonly transport: Transport
  /** Empty for none. */
  readonly token: string
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** Immutable: the `with…` methods give another client over the same connections. */
export class Client {
  readonly #parts: ClientParts

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  get token(): string {
    return this.#parts.token
  }

  get address(): string {
    return this.#parts.settings.address.text
  }

  withToken(token: string): Client {
    return new Client({ ...this.#parts, token })
  }

  withSettings(change: Partial<ClientSettings>): Client {
    return new Client({ ...this.#parts, settings: { ...this.#parts.settings, ...change } })
  }

  /** For requests a command makes on the side: really sent, and never wrapped. */
  aside(): Client {
    return this.withSettings({ wrapTtl: 0, describe: undefined })
  }

  close(): void {
    this.#parts.transport.close()
  }

  /** The body's text. Throws `ResponseError`, `ConnectionError`, or `DryRun` where the request is only to be described. */
  async text(request: ClientRequest): Promise<string> {
    return (await this.#send(request)).body
  }

  /** undefined if the reply has no body. */
  async send(request: ClientRequest): Promise<Secret | undefined> {
    return parseSecret(await this.text(request))
  }

  /** undefined for what does not exist. */
  async read(path: string, query: Query = []): Promise<Secret | undefined> {
    return this.#found({ method: 'GET', path, query })
  }

  /** LIST goes as a GET with `list=true`, which every proxy lets through. */
  async list(path: string, query: Query = []): Promise<Secret | undefined> {
    return this.#found({ method: 'GET', path, query: [['list', 'true'], ...query] })
  }

  async scan(path: string, query: Query = []): Promise<Secret | undefined> {
    return this.#found({ method: 'GET', path, query: [['scan', 'true'], ...query] })
  }

  async write(path: string, body: TreeSource): Promise<Secret | undefined> {
    return this.send({ method: 'PUT', path, body })
  }

  async patch(path: string, body: TreeSource): Promise<Secret | undefined> {
    return this.send({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' })
  }

  async delete(path: string, query: Query = []): Promise<Secret | undefined> {
    return this.send({ method: 'DELETE', path, query })
  }

  /** A reply that is not an envelope, such as that of `sys/seal-status`. */
  async json(request: ClientRequest): Promise<JsonTree> {
    return readTree(await this.text(request))
  }

  /** The reply's body as it comes. Throws as `text`. */
  async download(request: ClientRequest): Promise<Readable> {
    return (await this.#stream(request, undefined)).body
  }

  /** As `download`, of a body that may be quiet for as long as it likes. */
  async follow(request: ClientRequest): Promise<Readable> {
    return (await this.#stream(request, undefined, true)).body
  }

  /** Sends bytes as the body; `open` gives them anew where the server says to ask another. Gives the reply's text. */
  async upload(request: ClientRequest, open: () => Readable, size: number): Promise<string> {
    return readBody((await this.#stream(request, { open, size })).body)
  }

  /** A connection that stays open. Throws as `text`. */
  async webSocket(request: ClientRequest): Promise<WebSocket> {
    const { settings } = this.#parts
    const wire = this.#wire(request)
    if (settings.describe !== undefined) throw await this.#described(request, wire)
    const { openWebSocket } = await import('./web-socket.ts')
    return openWebSocket(wire, settings)
  }

  async #stream(
    request: ClientRequest,
    content: { readonly open: () => Readable; readonly size: number } | undefined,
    mayBeQuiet = false,
  ): Promise<StreamReply> {
    const { settings, transport } = this.#parts
    const described = this.#wire(request)
    if (settings.describe !== undefined) throw await this.#described(request, described)
    const headers =
      content === undefined
        ? described.headers
        : { ...described.headers, 'Content-Type': 'application/gzip', 'Content-Length': String(content.size) }
    const send = (url: string): Promise<StreamReply> =>
      transport.stream({ method: request.method, url, headers, body: content?.open(), mayBeQuiet })
    let reply = await send(described.url)
    const to = this.#redirection(described, reply)
    if (to !== undefined) {
      reply.body.resume()
      reply = await send(to)
    }
    if (reply.status < 200 || reply.status >= 300) {
      const { status } = reply
      readReply({ status, headers: reply.headers, body: await readBody(reply.body) }, described)
    }
    return reply
  }

  async #found(request: ClientRequest): Promise<Secret | undefined> {
    try {
      return await this.send(request)
    } catch (error) {
      if (error instanceof ResponseError && error.status === 404) return error.secret
      throw error
    }
  }

  async #send(request: ClientRequest): Promise<WireReply> {
    const { settings } = this.#parts
    const wire = this.#wire(request)
    if (settings.describe !== undefined) throw await this.#described(request, wire)
    const reply = await this.#redirected(wire, await this.#exchange(wire))
    return readReply(reply, wire)
  }

  async #described(request: ClientRequest, wire: WireRequest): Promise<DryRun> {
    if (this.#parts.settings.describe === 'curl') {
      const { curlCommand } = await import('./curl.ts')
      return new DryRun(curlCommand(wire, this.#parts.settings))
    }
    const { policySample } = await import('./policy-sample.ts')
    return new DryRun(policySample(operationOf(request), sanitizePath(request.path)))
  }

  #wire(request: ClientRequest): WireRequest {
    const { settings, token } = this.#parts
    const { address } = settings
    const body = request.body === undefined ? undefined : textOf(tree(request.body))
    const wrapTtl = settings.wrapTtl === 0 && request.path === 'sys/wrapping/wrap' ? 300 : settings.wrapTtl
    const headers: Record<string, string> = {
      'X-Vault-Request': 'true',
      ...(token === '' ? {} : { 'X-Vault-Token': checkedToken(token) }),
      ...(settings.namespace === '' ? {} : { 'X-Vault-Namespace': settings.namespace }),
      ...(wrapTtl === 0 ? {} : { 'X-Vault-Wrap-TTL': formatDuration(wrapTtl) }),
      ...(settings.policyOverride ? { 'X-Vault-Policy-Override': 'true' } : {}),
      ...(settings.mfa.length === 0 ? {} : { 'X-Vault-MFA': settings.mfa.join(',') }),
      ...(request.contentType === undefined ? {} : { 'Content-Type': request.contentType }),
    }
    for (const [name, value] of settings.headers) headers[name] = value
    return {
      method: request.method,
      url: `${address.origin}${urlPath(address, request.path)}${queryText(request.query ?? [])}`,
      headers,
      body,
    }
  }

  async #exchange(wire: WireRequest): Promise<WireReply> {
    const { settings, transport, sleep } = this.#parts
    const sized =
      wire.body === undefined
        ? wire
        : { ...wire, headers: { ...wire.headers, 'Content-Length': String(Buffer.byteLength(wire.body)) } }
    for (let attempt = 1; ; attempt++) {
      const outcome = await transport.send(sized).catch(onlyConnectionErrors)
      if (attempt > settings.retries || !isWorthRetrying(outcome)) {
        if (outcome instanceof ConnectionError) throw outcome
        return outcome
      }
      await sleep(waitBefore(attempt, outcome, Math.random))
    }
  }

  /** One redirect is followed, never from https to http. */
  async #redirected(wire: WireRequest, reply: WireReply): Promise<WireReply> {
    const url = this.#redirection(wire, reply)
    return url === undefined ? reply : this.#exchange({ ...wire, url })
  }

  #redirection(wire: WireRequest, reply: Pick<WireReply, 'status' | 'headers'>): string | undefined {
    const to = reply.headers.location
    if (!this.#parts.settings.followRedirect || to === undefined || ![301, 302, 307, 308].includes(reply.status))
      return undefined
    const url = URL.parse(to, wire.url)
    if (url === null) throw failure(`the server redirects to ${JSON.stringify(to)}, which is not a URL`)
    if (wire.url.startsWith('https:') && url.protocol !== 'https:')
      throw failure('redirect would cause protocol downgrade')
    return url.href
  }
}

function onlyConnectionErrors(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error
  throw error
}

function operationOf(request: ClientRequest): string {
  for (const operation of ['list', 'scan']) {
    if (request.query?.some(([name, value]) => name === operation && value === 'true')) return operation.toUpperCase()
  }
  return request.method
}

function checkedToken(token: string): string {
  if (/[^\x20-\x7e]/.test(token)) throw failure('configured token contains non-printable characters and cannot be used')
  return token
}
