/**
 * `initialize` stanzas: a server that starts on an empty storage makes its vault by itself, and asks of itself what they say, with a root
 * token that nobody gets to see and that ends with it, whatever comes of the requests.
 */
import { setTimeout } from 'node:timers/promises'
import type { FirstRequest, FirstValue, InitializeStanza } from '../config/index.ts'
import type { Server } from '../core/compose.ts'
import { CofferError } from '../errors/coffer-error.ts'
import type { Logger } from '../lib/observe/index.ts'
import { plainListener, type WireReply, type WireRequest } from '../request/wire.ts'
import { resolve, type Exchange, type Plain, type Sources } from './first-values.ts'

export interface FirstStartDeps {
  readonly server: Pick<Server, 'lifecycle' | 'firstStart' | 'handler'>
  readonly log: Logger
  env(name: string): string | undefined
}

/** How long a new vault may take to be led by this node, ms. */
const PATIENCE = 30_000
/** Between two looks at it, ms. */
const PACE = 20

/** Rejects where a request fails that may not: then the server is not to be used. Does nothing where there is a vault already. */
export async function firstStart(stanzas: readonly InitializeStanza[], deps: FirstStartDeps): Promise<void> {
  const { lifecycle, firstStart: mark } = deps.server
  if (stanzas.length === 0 || lifecycle.state() !== 'uninitialized') return
  mark.begin()
  const token = await makeVault(deps)
  if (token === undefined) return
  try {
    await leading(deps)
    await carryOut(stanzas, token, deps)
  } finally {
    await revoke(token, deps)
  }
  await mark.finish()
  deps.log.info('the first start is done: the root token of it is revoked')
}

/** The root token; undefined where another node was first. */
async function makeVault({ server, log }: FirstStartDeps): Promise<string | undefined> {
  try {
    const made = await server.lifecycle.initialize({
      secretShares: 0,
      secretThreshold: 0,
      pgpKeys: [],
      rootTokenPgpKey: '',
      storedShares: undefined,
      // Whoever is given the right to may have recovery keys made later.
      recoveryShares: 0,
      recoveryThreshold: 0,
    })
    return made.rootToken
  } catch (error) {
    if (!(error instanceof CofferError) || error.code !== 'SEAL_ALREADY_INITIALIZED') throw error
    log.info('another node makes the vault')
    server.firstStart.leave()
    return undefined
  }
}

async function leading({ server: { lifecycle } }: FirstStartDeps): Promise<void> {
  for (let waited = 0; lifecycle.role() !== 'leader'; waited += PACE) {
    if (waited > PATIENCE) throw new Error('the first start failed: the server did not become active')
    await setTimeout(PACE)
  }
}

async function carryOut(stanzas: readonly InitializeStanza[], root: string, deps: FirstStartDeps): Promise<void> {
  const exchanges = new Map<string, Exchange>()
  const sources: Sources = { env: deps.env, exchanges }
  for (const stanza of stanzas) {
    for (const request of stanza.requests) {
      const where = `request "${request.name}" of initialize "${stanza.name}"`
      const outcome = await attempt(request, root, sources, deps)
      if (outcome.problem === undefined) deps.log.info(`${where} is done`)
      else if (request.allowFailure) deps.log.warn(`${where} failed, as it may`, { reason: outcome.problem })
      else throw new Error(`the first start failed: ${where}: ${outcome.problem}`)
      if (outcome.exchange !== undefined) exchanges.set(`${stanza.name}.${request.name}`, outcome.exchange)
    }
  }
}

interface Outcome {
  readonly exchange?: Exchange
  readonly problem?: string
}

async function attempt(request: FirstRequest, root: string, sources: Sources, deps: FirstStartDeps): Promise<Outcome> {
  try {
    const path = textOf(request.path, sources, 'path').replace(/^\/+/, '')
    const token = request.token === undefined ? root : textOf(request.token, sources, 'token')
    const data = request.data === undefined ? {} : resolve(request.data, sources)
    const reply = await send({ operation: request.operation, path, token, data }, deps)
    const response = parsed(reply)
    const exchange = { request: { operation: request.operation, path, token, data }, response }
    return reply.status < 400 ? { exchange } : { exchange, problem: `${reply.status} ${errorsIn(response)}`.trim() }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'unknown' }
  }
}

function textOf(value: FirstValue | undefined, sources: Sources, what: string): string {
  const text = value === undefined ? '' : resolve(value, sources)
  if (typeof text !== 'string' || text === '') throw new Error(`its ${what} is no text`)
  return text
}

const METHODS: Readonly<Record<FirstRequest['operation'], string>> = {
  create: 'POST',
  update: 'POST',
  read: 'GET',
  patch: 'PATCH',
  delete: 'DELETE',
  list: 'LIST',
  scan: 'SCAN',
}
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PATCH'])

interface Sent {
  readonly operation: FirstRequest['operation']
  readonly path: string
  readonly token: string
  readonly data: Plain
}

/** Through everything that requests of clients go through: policies, audit devices, limits. */
function send({ operation, path, token, data }: Sent, { server }: FirstStartDeps): Promise<WireReply> {
  const method = METHODS[operation]
  const body = WITH_BODY.has(method) ? Buffer.from(JSON.stringify(data)) : Buffer.alloc(0)
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const request: WireRequest = {
    method,
    target: `/v1/${path.split('/').map(encodeURIComponent).join('/')}${WITH_BODY.has(method) ? '' : queryOf(data)}`,
    headers: new Map([
      ['x-vault-token', [token]],
      ['x-vault-request', ['true']],
      ...(body.length === 0
        ? []
        : ([
            ['content-type', [type]],
            ['content-length', [String(body.length)]],
          ] as const)),
    ]),
    remoteAddress: '127.0.0.1',
    remotePort: 0,
    tls: false,
    peerCertificate: undefined,
    listener: { ...plainListener, name: 'initialize' },
    readBody: async () => body,
    async *openBody() {
      yield body
    },
    signal: new AbortController().signal,
    expired: false,
  }
  return server.handler(request)
}

function queryOf(data: Plain): string {
  if (data === null || typeof data !== 'object') return ''
  const query = new URLSearchParams(
    Object.entries(data).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  )
  return query.size === 0 ? '' : `?${query.toString()}`
}

/** Replies that come in pieces are of no use here. */
function parsed({ body }: WireReply): Plain {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return null
  try {
    const value: Plain = JSON.parse(Buffer.from(body).toString())
    return value
  } catch {
    return null
  }
}

/** An answer's errors name fields and paths, never values. */
function errorsIn(response: Plain): string {
  const errors = response !== null && typeof response === 'object' && 'errors' in response ? response.errors : undefined
  return Array.isArray(errors) ? errors.map(String).join('; ').replaceAll(/\s+/g, ' ') : ''
}

/** Rejects unless the token is gone. */
async function revoke(token: string, deps: FirstStartDeps): Promise<void> {
  const reply = await send({ operation: 'update', path: 'auth/token/revoke-self', token, data: {} }, deps)
  if (reply.status < 400) return
  // A request of the stanzas may have revoked it already.
  const lookup = await send({ operation: 'read', path: 'auth/token/lookup-self', token, data: {} }, deps)
  if (lookup.status !== 403)
    throw new Error(`the first start failed: its root token could not be revoked (${reply.status})`)
}
