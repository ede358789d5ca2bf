/** Headers and target to a request: path decoded once, operation named, token and wrapping wish taken out of the headers. */
import { requestErrors } from '../../errors/request.ts'
import { parseDuration } from '../../lib/duration.ts'
import { canonicalRequestPath } from '../../lib/path.ts'
import { uuid } from '../../lib/secure/random.ts'
import type { RawJson } from '../../lib/json/index.ts'
import type { Operation } from '../../request/operation.ts'
import { rootNamespace, type Request } from '../../request/request.ts'
import type { WireRequest } from '../../request/wire.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

const NO_BODY: ReadonlyMap<string, RawJson> = new Map()
const NO_QUERY: ReadonlyMap<string, string> = new Map()

export function receive(x: Exchange, deps: PipelineDeps): void {
  const { wire } = x
  if (wire.listener.requireRequestHeader && header(wire, 'x-vault-request') !== 'true')
    throw requestErrors.MISSING_REQUEST_HEADER()
  const target = canonicalRequestPath(wire.target)
  if (!target.ok) {
    if (!wire.target.startsWith('/v1/')) throw requestErrors.NOT_V1()
    throw requestErrors.BAD_PATH({ reason: target.reason })
  }
  const query = target.query.length === 0 ? NO_QUERY : new Map(target.query)
  const operation = operationOf(wire.method, query)
  const path =
    isListing(operation) && !target.path.endsWith('/') && target.path !== '' ? `${target.path}/` : target.path
  x.request = {
    id: uuid(),
    operation,
    path,
    // Until it is located: whatever this core has of namespaces may be older than what the request must see.
    namespace: rootNamespace,
    clientToken: tokenOf(wire),
    body: NO_BODY,
    query,
    pairs: target.query,
    rawBody: undefined,
    headers: wire.headers,
    wrapTtl: wrapTtlOf(wire),
    wrapFormat: header(wire, 'x-vault-wrap-format') === 'jwt' ? 'jwt' : undefined,
    remoteAddress: wire.remoteAddress,
    remotePort: wire.remotePort,
    peerCertificate: wire.peerCertificate,
    listener: wire.listener,
    signal: () => wire.signal,
    receivedAt: deps.clock.now(),
  } satisfies Request
}

function isListing(operation: Operation): boolean {
  return operation === 'list' || operation === 'scan'
}

/** One value, or none; two would leave it open which one counts. */
export function header(wire: WireRequest, name: string): string | undefined {
  const values = wire.headers.get(name)
  if (values === undefined) return undefined
  if (values.length > 1) throw requestErrors.BAD_HEADER({ name, takes: 'one value; it was sent more than once' })
  return values[0]
}

function operationOf(method: string, query: ReadonlyMap<string, string>): Operation {
  switch (method) {
    case 'GET':
      if (query.has('help')) return 'help'
      return truthy(query.get('list')) ? 'list' : truthy(query.get('scan')) ? 'scan' : 'read'
    case 'HEAD':
      return 'read'
    case 'LIST':
      return 'list'
    case 'SCAN':
      return 'scan'
    case 'POST':
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return 'delete'
    default:
      throw requestErrors.METHOD()
  }
}

function truthy(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'true'].includes(value.toLowerCase())
}

const BEARER = /^Bearer +(\S+) *$/i

function tokenOf(wire: WireRequest): string | undefined {
  const direct = header(wire, 'x-vault-token')?.trim()
  if (direct !== undefined && direct !== '') return direct
  const authorization = header(wire, 'authorization')
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1]
}

function wrapTtlOf(wire: WireRequest): number | undefined {
  const text = header(wire, 'x-vault-wrap-ttl')
  if (text === undefined || text === '') return undefined
  const seconds = parseDuration(text)
  if (seconds === undefined || seconds < 0) {
    throw requestErrors.BAD_HEADER({ name: 'X-Vault-Wrap-TTL', takes: 'a duration: seconds, or a string such as "5m"' })
  }
  if (header(wire, 'x-vault-wrap-format') === 'jwt') {
    // Refused before anything is done: afterwards the reply would be lost.
    throw requestErrors.BAD_HEADER({
      name: 'X-Vault-Wrap-Format',
      takes: 'nothing: wrapping tokens are not made as JWTs',
    })
  }
  // Zero is the same as not asking.
  return seconds === 0 ? undefined : Math.ceil(seconds)
}
