/** A secret as a table of keys and values. */
import type { Secret } from '../client/secret.ts'
import { booleanOf, entriesOf, itemsOf, member, numberOf, plainText, stringOf, stringsOf } from '../tree.ts'
import type { JsonEntries, JsonTree } from '../tree.ts'
import { table } from './columns.ts'
import type { Row } from './columns.ts'
import { fieldText, goText, goTime, humanDuration, quotedList, sortedEntries } from './go-text.ts'
import { wrap } from './wrap.ts'
import type { Ui } from './ui.ts'

const headings: Row = ['Key', 'Value']

/** Warnings go to stderr. Empty if there is nothing to show. */
export function secretTable(ui: Ui, secret: Secret): string {
  printWarnings(ui, secret)
  const rows = [
    ...leaseRows(secret),
    ...(secret.auth === undefined ? [] : authRows(secret.auth)),
    ...(secret.wrapInfo === undefined ? [] : wrapRows(secret.wrapInfo)),
    ...dataRows(secret.data ?? new Map()),
  ]
  return rows.length === 0 ? '' : table(headings, rows)
}

export function mapTable(data: JsonEntries): string {
  return data.size === 0 ? '' : table(headings, dataRows(data))
}

export function printWarnings(ui: Ui, secret: Secret): void {
  if (secret.warnings === undefined || secret.warnings.length === 0) return
  ui.warn('WARNING! The following warnings were returned from Coffer:\n')
  for (const warning of secret.warnings) {
    ui.warn(wrap(`* ${warning}`, 2))
    ui.warn('')
  }
}

function dataRows(data: JsonEntries): Row[] {
  return sortedEntries(data).map(([name, value]) => [name, fieldText(name, value)])
}

function leaseRows(secret: Secret): Row[] {
  if (secret.leaseDuration <= 0) return []
  const duration = humanDuration(secret.leaseDuration)
  // Without a lease it only says how often to look again.
  if (secret.leaseId === '') return [['refresh_interval', duration]]
  return [
    ['lease_id', secret.leaseId],
    ['lease_duration', duration],
    ['lease_renewable', String(secret.renewable)],
  ]
}

function authRows(auth: JsonTree): Row[] {
  const mfa = member(auth, 'mfa_requirement')
  if (mfa !== undefined && mfa.kind !== 'null') return mfaRows(mfa)
  const seconds = numberOf(member(auth, 'lease_duration')) ?? 0
  const list = (name: string): string => quotedList(stringsOf(member(auth, name)) ?? [])
  return [
    ['token', plainText(member(auth, 'client_token'))],
    ['token_accessor', plainText(member(auth, 'accessor'))],
    ['token_duration', seconds === 0 ? '∞' : humanDuration(seconds)],
    ['token_renewable', String(booleanOf(member(auth, 'renewable')) ?? false)],
    ['token_policies', list('token_policies')],
    ['identity_policies', list('identity_policies')],
    ['policies', list('policies')],
    ...sortedEntries(entriesOf(member(auth, 'metadata')) ?? new Map<string, JsonTree>()).map(([name, value]): Row => [
      `token_meta_${name}`,
      goText(value),
    ]),
  ]
}

function mfaRows(mfa: JsonTree): Row[] {
  const rows: Row[] = [['mfa_request_id', plainText(member(mfa, 'mfa_request_id'))]]
  for (const [name, constraints] of entriesOf(member(mfa, 'mfa_constraints')) ?? []) {
    for (const constraint of itemsOf(member(constraints, 'any')) ?? []) {
      const prefix = `mfa_constraint_${name}_${plainText(member(constraint, 'type'))}`
      rows.push([`${prefix}_id`, plainText(member(constraint, 'id'))])
      rows.push([`${prefix}_uses_passcode`, String(booleanOf(member(constraint, 'uses_passcode')) ?? false)])
      const label = stringOf(member(constraint, 'name')) ?? ''
      if (label !== '') rows.push([`${prefix}_name`, label])
    }
  }
  return rows
}

function wrapRows(info: JsonTree): Row[] {
  const text = (name: string): string => plainText(member(info, name))
  const wrapped = text('wrapped_accessor')
  return [
    ['wrapping_token:', text('token')],
    ['wrapping_accessor:', text('accessor')],
    ['wrapping_token_ttl:', humanDuration(numberOf(member(info, 'ttl')) ?? 0)],
    ['wrapping_token_creation_time:', goTime(text('creation_time'))],
    ['wrapping_token_creation_path:', text('creation_path')],
    ...(wrapped === '' ? [] : [['wrapped_accessor:', wrapped]]),
  ]
}
