/** The entry's `auth`: who asks. What follows from the token alone is written once for each caller and device. */
import { createHash } from 'node:crypto'
import { quote } from '../lib/json/index.ts'
import type { Caller } from '../request/caller.ts'
import type { AuditEvent, Verdict } from '../request/ports.ts'
import type { AuthInfo, Reply } from '../request/reply.ts'
import { flat, jsonMember, listMember, mapMember, numberMember, object, stringMember } from './json-members.ts'
import type { Redactor } from './redactor.ts'

/** What a caller's token says, in JSON. The `policy_results` of a request go between `before` and `after`. */
interface CallerText {
  /** `{"client_token":…` */
  readonly before: string
  /** `,"metadata":…}` */
  readonly after: string
  /** `client_id`, in front of the mount's members of `request`. */
  readonly clientId: string
  /** `client_token` and `client_token_accessor` of `request`. */
  readonly token: string
}

export class AuthPart {
  readonly #redactor: Redactor
  readonly #texts = new WeakMap<Caller, CallerText>()

  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  of(caller: Caller): CallerText {
    const known = this.#texts.get(caller)
    if (known !== undefined) return known
    const text = callerText(caller, this.#redactor)
    this.#texts.set(caller, text)
    return text
  }

  /** `{…}` for `auth` of an entry. */
  write(event: AuditEvent): string {
    const { caller, verdict, reply } = event
    if (caller !== undefined) {
      const text = this.of(caller)
      return text.before + policyResults(verdict) + text.after
    }
    // A log-in's response is the first to know who asked.
    if (reply?.auth !== undefined && reply.wrapInfo === undefined)
      return writeAuthInfo(reply.auth, reply, this.#redactor, 'remaining_uses')
    const allowed =
      verdict === undefined && event.error === undefined ? ',"policy_results":{"allowed":true}' : policyResults(verdict)
    return object(`${allowed},"token_type":"default"`)
  }
}

/** `{…}` of a token just made: `response.auth`, and the `auth` of a log-in. */
export function writeAuthInfo(
  auth: AuthInfo,
  reply: Reply,
  redactor: Redactor,
  uses: 'num_uses' | 'remaining_uses',
): string {
  return object(
    jsonMember('client_token', redactor.string(auth.clientToken)) +
      (auth.accessor === '' ? '' : jsonMember('accessor', redactor.accessor(auth.accessor))) +
      stringMember('display_name', reply.grant?.displayName ?? '') +
      listMember('policies', auth.policies) +
      listMember('token_policies', auth.tokenPolicies) +
      listMember('identity_policies', auth.identityPolicies) +
      mapMember('metadata', auth.metadata) +
      numberMember(uses, auth.numUses) +
      stringMember('entity_id', auth.entityId) +
      stringMember('token_type', auth.tokenType) +
      numberMember('token_ttl', auth.leaseDuration),
  )
}

function callerText(caller: Caller, redactor: Redactor): CallerText {
  const token = redactor.string(caller.token)
  const accessor = caller.accessor === '' ? '' : redactor.accessor(caller.accessor)
  const before =
    `{"client_token":${token}` +
    jsonMember('accessor', accessor) +
    stringMember('display_name', caller.displayName) +
    listMember('policies', caller.policies) +
    listMember('token_policies', caller.tokenPolicies) +
    listMember('identity_policies', caller.identityPolicies)
  const after =
    mapMember('metadata', caller.meta) +
    numberMember('remaining_uses', caller.numUses) +
    stringMember('entity_id', caller.entityId) +
    stringMember('token_type', caller.type) +
    numberMember('token_ttl', caller.ttl) +
    `,"token_issue_time":"${new Date(caller.issuedAt).toISOString().slice(0, 19)}Z"}`
  return {
    before: flat(before),
    after: flat(after),
    clientId: stringMember('client_id', clientId(caller)),
    token: flat(jsonMember('client_token', token) + jsonMember('client_token_accessor', accessor)),
  }
}

/** The entity; for a token without one, what stands for "somebody with these policies" in Vault's client counts. */
function clientId(caller: Caller): string {
  if (caller.entityId !== '') return caller.entityId
  const policies = caller.policies.toSorted().join('\u007f')
  return createHash('sha256').update(`${policies}\u0000${caller.namespaceId}`).digest('base64')
}

function policyResults(verdict: Verdict | undefined): string {
  if (verdict === undefined) return ''
  let granting = ''
  for (const { name, namespaceId, type } of verdict.grantingPolicies) {
    const comma = granting === '' ? '' : ','
    granting += `${comma}{"name":${quote(name)},"namespace_id":${quote(namespaceId)},"type":${quote(type)}}`
  }
  const list = granting === '' ? '' : `,"granting_policies":[${granting}]`
  return `,"policy_results":{"allowed":${verdict.allowed}${list}${governingPolicies(verdict)}}`
}

/** Policy expressions that the request did not pass, and what came of it. */
function governingPolicies({ governing = [] }: Verdict): string {
  if (governing.length === 0) return ''
  const failed = governing.map(({ name, namespace, type, level, result, trace }) =>
    object(
      stringMember('name', name) +
        stringMember('namespace_id', namespace.id) +
        stringMember('type', type) +
        stringMember('enforcement_level', level) +
        stringMember('result', result) +
        stringMember('trace', trace),
    ),
  )
  return `,"governing_policies":[${failed.join(',')}]`
}
