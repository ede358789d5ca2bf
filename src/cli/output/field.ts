/** What `-field` can name besides the members of `data`. */
import type { Secret } from '../client/secret.ts'
import { member, tree } from '../tree.ts'
import type { JsonTree } from '../tree.ts'

const authFields = new Map([
  ['token', 'client_token'],
  ['token_accessor', 'accessor'],
  ['token_duration', 'lease_duration'],
  ['token_renewable', 'renewable'],
  ['token_policies', 'token_policies'],
  ['identity_policies', 'identity_policies'],
  ['policies', 'policies'],
])

const wrapFields = new Map([
  ['wrapping_token', 'token'],
  ['wrapping_accessor', 'accessor'],
  ['wrapping_token_ttl', 'ttl'],
  ['wrapping_token_creation_time', 'creation_time'],
  ['wrapping_token_creation_path', 'creation_path'],
  ['wrapped_accessor', 'wrapped_accessor'],
])

export function rawField(secret: Secret, field: string): JsonTree | undefined {
  const own =
    secret.auth !== undefined
      ? authFields.get(field)
      : secret.wrapInfo !== undefined
        ? wrapFields.get(field)
        : undefined
  if (own !== undefined) return member(secret.auth ?? secret.wrapInfo, own) ?? tree('')
  if (secret.auth === undefined && secret.wrapInfo === undefined) {
    const envelope = envelopeField(secret, field)
    if (envelope !== undefined) return envelope
  }
  return secret.data?.get(field)
}

function envelopeField(secret: Secret, field: string): JsonTree | undefined {
  switch (field) {
    case 'lease_duration':
    case 'refresh_interval':
      return tree(secret.leaseDuration)
    case 'lease_id':
      return tree(secret.leaseId)
    case 'request_id':
      return tree(secret.requestId)
    case 'renewable':
      return tree(secret.renewable)
    case 'data':
      return (
        secret.data?.get('data') ?? (secret.data === undefined ? undefined : { kind: 'object', entries: secret.data })
      )
    default:
      return undefined
  }
}
