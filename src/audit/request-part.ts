/** The entry's `request`. It is the same in the request's and the response's entry, so it is written once. */
import { X509Certificate } from 'node:crypto'
import { quote } from '../lib/json/index.ts'
import type { RawJson } from '../lib/json/index.ts'
import type { ApprovalFacts, AuditEvent } from '../request/ports.ts'
import type { Request } from '../request/request.ts'
import type { PeerCertificate } from '../request/wire.ts'
import type { AuthPart } from './auth-part.ts'
import { writeMembers } from './data.ts'
import type { HeaderRules } from './headers.ts'
import { jsonMember, numberMember, object, stringMember } from './json-members.ts'
import { writeNamespace, type MountText } from './mount-part.ts'
import type { Redactor } from './redactor.ts'

export interface RequestParts {
  readonly redactor: Redactor
  readonly auth: AuthPart
  readonly headers: HeaderRules
}

/** Query parameters that say how to read, not what. */
const VERBS = new Set(['list', 'scan', 'help'])

export function writeRequest(event: AuditEvent, mount: MountText, parts: RequestParts): string {
  const { request, caller } = event
  const { redactor } = parts
  const who = caller === undefined ? undefined : parts.auth.of(caller)
  const token = who?.token ?? strangersToken(request, redactor)
  return (
    `{"id":${quote(request.id)}${who?.clientId ?? ''},"operation":"${event.operation}"${mount.request}${token}` +
    `,"namespace":${writeNamespace(request.namespace.id, request.namespace.path)},"path":${quote(request.path)}` +
    jsonMember('data', writeRequestData(event, mount, redactor)) +
    stringMember('remote_address', request.remoteAddress) +
    numberMember('remote_port', request.remotePort) +
    numberMember('wrap_ttl', request.wrapTtl) +
    writeHeaders(request.headers, parts) +
    stringMember('client_certificate_serial_number', serialNumber(request.peerCertificate)) +
    (request.headers.get('x-vault-policy-override')?.includes('true') === true ? ',"policy_override":true' : '') +
    `${jsonMember('control_group', writeApproval(event.approval))}}`
  )
}

/** A token that nobody holds: it may be a mistyped good one. */
function strangersToken(request: Request, redactor: Redactor): string {
  return request.clientToken === undefined ? '' : jsonMember('client_token', redactor.string(request.clientToken))
}

function writeRequestData(event: AuditEvent, mount: MountText, redactor: Redactor): string {
  const { request, sensitive } = event
  if (request.body.size === 0 && request.query.size === 0) return ''
  const rule = { clear: mount.clearRequestKeys, sensitive, elide: false }
  if (request.query.size === 0) return writeMembers(request.body, rule, redactor)
  const members = new Map<string, RawJson | string>()
  for (const [name, value] of request.query) if (!VERBS.has(name)) members.set(name, value)
  for (const [name, value] of request.body) members.set(name, value)
  return writeMembers(members, rule, redactor)
}

function writeHeaders(headers: Request['headers'], parts: RequestParts): string {
  let out = ''
  for (const [name, { hmac }] of parts.headers.rules) {
    const values = headers.get(name)
    if (values === undefined) continue
    const literals = values.map((value) => (hmac ? parts.redactor.string(value) : quote(value)))
    out += `,${quote(name)}:[${literals.join(',')}]`
  }
  return out === '' ? '' : `,"headers":${object(out)}`
}

/** Who let a held request through. The request that was held has an entry of its own. */
function writeApproval(approval: ApprovalFacts | undefined): string {
  if (approval === undefined) return ''
  const authorizations = approval.authorizations.map(({ entityId, entityName, at }) =>
    object(stringMember('entity_id', entityId) + stringMember('entity_name', entityName) + stringMember('time', at)),
  )
  return `{"request_id":${quote(approval.requestId)},"authorizations":[${authorizations.join(',')}]}`
}

const serials = new WeakMap<PeerCertificate, string>()

/** Decimal, as Vault writes it. */
function serialNumber(peer: PeerCertificate | undefined): string {
  const leaf = peer?.chain[0]
  if (peer === undefined || leaf === undefined) return ''
  const known = serials.get(peer)
  if (known !== undefined) return known
  const serial = BigInt(`0x${new X509Certificate(leaf).serialNumber}`).toString()
  serials.set(peer, serial)
  return serial
}
