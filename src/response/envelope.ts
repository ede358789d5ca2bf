/**
 * Vault's response envelope, member for member and in its order (developer.hashicorp.com/vault/api-docs, "response format"; the
 * order as the servers send it). Written by hand because every answered request passes here.
 */
import { quote, stringify, RawJson, type JsonOut } from '../lib/json/index.ts'
import type { MfaChoice, MfaRequirement } from '../request/mfa-ports.ts'
import type { AuthInfo, Data, Reply, WrapInfo } from '../request/reply.ts'

/** Type of the mount that answered; Vault 1.17 and later name it in the envelope. */
export function envelope(requestId: string, reply: Reply, mountType: string): string {
  const data = reply.data === undefined ? 'null' : stringify(reply.data)
  const warnings = reply.warnings === undefined || reply.warnings.length === 0 ? 'null' : stringify(reply.warnings)
  const common =
    `"request_id":${quote(requestId)},"lease_id":${quote(reply.leaseId ?? '')},"renewable":${reply.renewable === true},` +
    `"lease_duration":${reply.leaseDuration ?? 0},"data":${data},"wrap_info":${wrapInfo(reply.wrapInfo)},` +
    `"warnings":${warnings},"auth":${auth(reply.auth)},"mount_type":${quote(mountType)}`
  const flat = reply.flatten === true ? topLevel(reply.data) : ''
  return `{${flat}${common}}\n`
}

/** The members of `data` once more at the top level, as Vault's older sys endpoints send them. */
function topLevel(data: Data | undefined): string {
  if (data === undefined || data instanceof RawJson) return ''
  const text = stringify(data)
  return text === '{}' ? '' : `${text.slice(1, -1)},`
}

function auth(info: AuthInfo | undefined): string {
  if (info === undefined) return 'null'
  return stringify(authOut(info))
}

/** The `auth` member as JSON. */
export function authOut(info: AuthInfo): JsonOut {
  if (info.mfaRequirement !== undefined) return waitingOut(info.mfaRequirement)
  return {
    client_token: info.clientToken,
    accessor: info.accessor,
    policies: info.policies,
    token_policies: info.tokenPolicies,
    ...(info.identityPolicies.length === 0 ? {} : { identity_policies: info.identityPolicies }),
    metadata: info.metadata === undefined ? null : info.metadata,
    lease_duration: info.leaseDuration,
    renewable: info.renewable,
    entity_id: info.entityId,
    token_type: info.tokenType,
    orphan: info.orphan,
    mfa_requirement: null,
    num_uses: info.numUses,
  }
}

/** Of a log-in that waits for its second factors. */
function waitingOut({ requestId, constraints }: MfaRequirement): JsonOut {
  const choice = ({ type, id, usesPasscode, name }: MfaChoice) => ({
    type,
    id,
    ...(usesPasscode ? { uses_passcode: true } : {}),
    ...(name === '' ? {} : { name }),
  })
  const named = [...constraints].map(([name, choices]) => [name, { any: choices.map(choice) }] as const)
  return {
    client_token: '',
    accessor: '',
    policies: null,
    metadata: null,
    lease_duration: 0,
    renewable: false,
    entity_id: '',
    token_type: 'default',
    orphan: false,
    mfa_requirement: { mfa_request_id: requestId, mfa_constraints: new Map(named) },
    num_uses: 0,
  }
}

function wrapInfo(info: WrapInfo | undefined): string {
  if (info === undefined) return 'null'
  return stringify({
    token: info.token,
    accessor: info.accessor,
    ttl: info.ttl,
    creation_time: info.creationTime,
    creation_path: info.creationPath,
    ...(info.wrappedAccessor === undefined ? {} : { wrapped_accessor: info.wrappedAccessor }),
  })
}

/** The body of an error reply; a 404 without messages is `{"errors":[]}`, as Vault answers what is absent. */
export function errorBody(messages: readonly string[], warnings: readonly string[] = []): string {
  const list = stringify(messages)
  return warnings.length === 0 ? `{"errors":${list}}\n` : `{"errors":${list},"warnings":${stringify(warnings)}}\n`
}
