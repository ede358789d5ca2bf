/** The entry's `response`: what the client was given, or would have been. */
import { quote } from '../lib/json/index.ts'
import type { AuditEvent } from '../request/ports.ts'
import type { RawReply, Reply, WrapInfo } from '../request/reply.ts'
import { writeAuthInfo } from './auth-part.ts'
import { writeData } from './data.ts'
import { jsonMember, listMember, numberMember, object, stringMember } from './json-members.ts'
import type { MountText } from './mount-part.ts'
import type { Redactor } from './redactor.ts'

export function writeResponse(event: AuditEvent, mount: MountText, redactor: Redactor, elideLists: boolean): string {
  const { reply } = event
  if (reply === undefined) return join('', mount, jsonMember('data', errorData(event.error, redactor)))
  // What was wrapped is shown when it is unwrapped.
  const wrapped = reply.wrapInfo !== undefined
  const auth = wrapped || reply.auth === undefined ? '' : writeAuthInfo(reply.auth, reply, redactor, 'num_uses')
  const rest =
    (reply.leaseId ? `,"secret":{"lease_id":${quote(reply.leaseId)}}` : '') +
    (wrapped ? '' : jsonMember('data', replyData(event, reply, mount, redactor, elideLists))) +
    listMember('warnings', reply.warnings ?? []) +
    (reply.wrapInfo === undefined ? '' : `,"wrap_info":${writeWrapInfo(reply.wrapInfo, redactor)}`) +
    responseHeaders(reply, redactor)
  return join(auth, mount, rest)
}

function join(auth: string, mount: MountText, rest: string): string {
  if (auth !== '') return `{"auth":${auth}${mount.response}${rest}}`
  return mount.response === '' ? object(rest) : `{${mount.responseFirst}${rest}}`
}

function errorData(error: string | undefined, redactor: Redactor): string {
  return error === undefined ? '' : `{"error":${redactor.string(error)}}`
}

function replyData(event: AuditEvent, reply: Reply, mount: MountText, redactor: Redactor, elideLists: boolean): string {
  if (reply.raw !== undefined) return rawData(reply.raw, reply.status ?? 200, redactor)
  if (reply.data === undefined) return errorData(event.error, redactor)
  const listed = event.operation === 'list' || event.operation === 'scan'
  return writeData(
    reply.data,
    { clear: mount.clearResponseKeys, sensitive: event.sensitive, elide: elideLists && listed },
    redactor,
  )
}

/** A stream's content is not at hand: its entry says that there was one. */
function rawData(raw: RawReply, status: number, redactor: Redactor): string {
  const { body } = raw
  const text = typeof body === 'string' ? redactor.string(body) : body instanceof Uint8Array ? redactor.bytes(body) : ''
  const type = `"http_content_type":${redactor.string(raw.contentType)}`
  return `{${type}${jsonMember('http_raw_body', text)},"http_status_code":${status}}`
}

function writeWrapInfo(wrap: WrapInfo, redactor: Redactor): string {
  return object(
    numberMember('ttl', wrap.ttl) +
      jsonMember('token', redactor.string(tokenOfJwt(wrap.token) ?? wrap.token)) +
      (wrap.accessor === '' ? '' : jsonMember('accessor', redactor.accessor(wrap.accessor))) +
      stringMember('creation_time', wrap.creationTime) +
      stringMember('creation_path', wrap.creationPath) +
      (wrap.wrappedAccessor ? jsonMember('wrapped_accessor', redactor.accessor(wrap.wrappedAccessor)) : ''),
  )
}

/**
 * A wrapping token in JWT form names the token proper in its `jti`, and that is what later requests are logged with.
 */
function tokenOfJwt(token: string): string | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (typeof claims !== 'object' || claims === null || !('jti' in claims)) return undefined
    return typeof claims.jti === 'string' ? claims.jti : undefined
  } catch {
    return undefined
  }
}

/** Names stay, values are HMACed: some carry nonces or challenges. */
function responseHeaders(reply: Reply, redactor: Redactor): string {
  if (reply.headers === undefined || reply.headers.length === 0) return ''
  const byName = new Map<string, string[]>()
  for (const [name, value] of reply.headers) byName.set(name, [...(byName.get(name) ?? []), redactor.string(value)])
  let out = ''
  for (const [name, values] of byName) out += `,${quote(name)}:[${values.join(',')}]`
  return `,"headers":${object(out)}`
}
