/** One HTTP exchange over node:http(s). */
import type * as http from 'node:http'
import type { Agent, IncomingHttpHeaders, RequestOptions } from 'node:http'
import type { Readable } from 'node:stream'
import { CliFailure } from '../failure.ts'
import { connectionError } from './connection-error.ts'
import { ConnectionError } from './response-error.ts'
import type { ClientSettings } from './settings.ts'
import { machineMayKnow, tlsOptions } from './tls.ts'
import type { Roots } from './tls.ts'

export interface WireRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

export interface WireReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A request whose body is a stream, and whose reply's body comes as one. */
export interface StreamRequest extends Omit<WireRequest, 'body'> {
  readonly body: Readable | undefined
  /** Once it has begun the reply may take any time. */
  readonly mayBeQuiet?: boolean
}

export interface StreamReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Readable
}

export interface Transport {
  /** As `send`, and the time that a whole answer may take holds for each standstill alone. */
  stream(request: StreamRequest): Promise<StreamReply>
  /** Throws `ConnectionError` if no whole answer comes. */
  send(request: WireRequest): Promise<WireReply>
  close(): void
}

type HttpModule = Pick<typeof http, 'request' | 'Agent'>

// getBuiltinModule and not import: importing a built-in makes every lazy export of it load, undici among them (50 ms for node:http).
function builtin(secure: boolean): HttpModule {
  return secure ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http')
}

export function httpTransport(settings: ClientSettings): Transport {
  const agents = new Map<string, Agent>()
  let roots: Roots = 'node'
  const agentFor = (secure: boolean): Agent => {
    const key = secure ? roots : 'http'
    const known = agents.get(key)
    if (known !== undefined) return known
    const { Agent } = builtin(secure)
    const made = new Agent({
      keepAlive: true,
      ...(secure ? tlsOptions(settings.tls, roots) : {}),
      ...(settings.proxy === undefined ? {} : { proxyEnv: { ...settings.proxy } }),
    })
    agents.set(key, made)
    return made
  }
  const withRoots = async <T>(send: () => Promise<T>): Promise<T> => {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof ConnectionError) || roots === 'machine' || !machineMayKnow(settings.tls, error.code))
        throw error
      // Nothing was sent yet: the certificate was refused before.
      roots = 'machine'
      return send()
    }
  }
  return {
    send: (request) => withRoots(() => exchange(request, settings, agentFor)),
    stream: (request) => withRoots(() => streamed(request, settings, agentFor)),
    close: () => {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}

function exchange(
  wire: WireRequest,
  settings: ClientSettings,
  agentFor: (secure: boolean) => Agent,
): Promise<WireReply> {
  const { secure, options } = optionsOf(wire, settings, agentFor)
  const { promise, resolve, reject } = Promise.withResolvers<WireReply>()
  const fail = (error: Error): void => {
    clearTimeout(timer)
    reject(error instanceof CliFailure ? error : connectionError(error, wire, settings))
  }
  const request = builtin(secure).request(options, (reply) => {
    readBody(reply).then((body) => {
      clearTimeout(timer)
      resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body })
    }, fail)
  })
  const timer = setTimeout(() => {
    request.destroy(Object.assign(new Error(`no answer within ${settings.timeoutMs / 1000}s`), { code: 'ETIMEDOUT' }))
  }, settings.timeoutMs)
  request.on('error', fail)
  request.end(wire.body)
  return promise
}

function streamed(
  wire: StreamRequest,
  settings: ClientSettings,
  agentFor: (secure: boolean) => Agent,
): Promise<StreamReply> {
  const { secure, options } = optionsOf(wire, settings, agentFor)
  const { promise, resolve, reject } = Promise.withResolvers<StreamReply>()
  const fail = (error: Error): void => reject(connectionError(error, wire, settings))
  const request = builtin(secure).request(options, (reply) => {
    if (wire.mayBeQuiet === true) request.setTimeout(0)
    resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: reply })
  })
  request.setTimeout(settings.timeoutMs, () => {
    request.destroy(Object.assign(new Error(`nothing moved for ${settings.timeoutMs / 1000}s`), { code: 'ETIMEDOUT' }))
  })
  request.on('error', fail)
  // What the server does with a whole body may take longer than any part of it took to send.
  if (wire.body !== undefined) request.on('finish', () => request.setTimeout(0))
  if (wire.body === undefined) request.end()
  else {
    wire.body.on('error', (error) => request.destroy(error))
    wire.body.pipe(request)
  }
  return promise
}

function optionsOf(
  wire: Omit<WireRequest, 'body'>,
  settings: ClientSettings,
  agentFor: (secure: boolean) => Agent,
): { readonly secure: boolean; readonly options: RequestOptions } {
  const url = new URL(wire.url)
  const secure = url.protocol === 'https:'
  return {
    secure,
    options: {
      agent: agentFor(secure),
      method: wire.method,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: wire.headers,
      ...(settings.address.socketPath === undefined ? {} : { socketPath: settings.address.socketPath }),
    },
  }
}

export async function readBody(reply: Readable): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of reply) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
