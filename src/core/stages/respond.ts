/** A reply, or a failure, as status, headers and bytes. */
import { namespaceErrors } from '../../errors/namespaces.ts'
import { envelope, errorBody } from '../../response/envelope.ts'
import type { Reply } from '../../request/reply.ts'
import type { WireReply } from '../../request/wire.ts'
import { toCofferError } from '../failure.ts'
import { encodeIndex } from '../state-index.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

const JSON_TYPE: readonly [string, string] = ['Content-Type', 'application/json']
const JSON_HEADERS = [JSON_TYPE]

export function respond(x: Exchange, deps: PipelineDeps): void {
  const reply = x.error === undefined && x.reply !== undefined ? success(x, x.reply) : failure(x, deps)
  const indexed = deps.indexed() && (wrote(x) || replaced(x, deps)) ? withIndex(reply, deps) : reply
  x.wireReply = withHeaders(indexed, x.headers)
}

function wrote(x: Exchange): boolean {
  return x.error === undefined && x.definition?.tx === 'write'
}

/** Something else was put in place of all that is stored since the request came: as likely as not by itself. */
function replaced(x: Exchange, deps: PipelineDeps): boolean {
  return x.snapshot !== undefined && x.snapshot.sequence < deps.replacedAt()
}

function withIndex(reply: WireReply, deps: PipelineDeps): WireReply {
  return withHeaders(reply, [['X-Vault-Index', encodeIndex(deps.store().driver.sequence)]])
}

export function withHeaders(reply: WireReply, headers: WireReply['headers']): WireReply {
  return headers.length === 0 ? reply : { ...reply, headers: [...reply.headers, ...headers] }
}

function success(x: Exchange, reply: Reply): WireReply {
  const headers = reply.headers === undefined ? JSON_HEADERS : [JSON_TYPE, ...reply.headers]
  if (reply.raw !== undefined) {
    const { contentType, body } = reply.raw
    return { status: reply.status ?? 200, headers: [['Content-Type', contentType], ...(reply.headers ?? [])], body }
  }
  const warnings = x.warnings.length === 0 ? reply.warnings : [...(reply.warnings ?? []), ...x.warnings]
  const empty =
    reply.data === undefined &&
    reply.auth === undefined &&
    reply.wrapInfo === undefined &&
    (warnings ?? []).length === 0
  const status = empty ? (reply.status ?? 204) : reply.status === undefined || reply.status === 204 ? 200 : reply.status
  if (status === 204) return { status, headers, body: undefined }
  const id = reply.wrapInfo === undefined ? x.request.id : ''
  const mountType = reply.wrapInfo === undefined && x.hasRoute ? x.route.mount.type : ''
  return { status, headers, body: envelope(id, warnings === undefined ? reply : { ...reply, warnings }, mountType) }
}

function failure(x: Exchange, deps: PipelineDeps): WireReply {
  const error = toCofferError(x.error)
  if (error.status >= 500 && !CLOSED.has(error.code)) {
    const where = x.hasRequest ? { request: x.request.id, path: x.request.path } : {}
    deps.log.error('request failed', { ...where, code: error.code, cause: describe(error.cause) })
  }
  return error.status === 403 && x.hasRoute && x.route.found?.operation?.flags.bearerChallenge === true
    ? BEARER_CHALLENGE
    : { status: error.status, headers: JSON_HEADERS, body: errorBody(error.messages) }
}

/** Nothing is wrong with the server: an administrator wants it so. */
const CLOSED: ReadonlySet<string> = new Set([namespaceErrors.LOCKED({ path: '' }).code, namespaceErrors.SEALED().code])

/** RFC 6750, 3.1. */
const BEARER_CHALLENGE: WireReply = {
  status: 401,
  headers: [JSON_TYPE, ['WWW-Authenticate', 'Bearer error="invalid_token",error_description="permission denied"']],
  body: '{"error":"invalid_token","error_description":"permission denied"}',
}

/** Class, code and stack of a cause. Messages of foreign errors can quote their input, so they are left out. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return cause === undefined ? '' : typeof cause
  const stack = (cause.stack ?? '')
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 8)
  return [cause.name, ...stack.map((line) => line.trim())].join(' | ')
}
