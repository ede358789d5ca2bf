/** What a new secret id may say: within what its role does. */
import { f, type Infer } from '#framework'
import { isWithin } from '../../../lib/cidr.ts'
import { approleErrors } from './errors.ts'
import { blocks } from './role-input.ts'
import type { SecretIdInit } from './secret-ids.ts'
import type { Role } from './store.ts'

export const secretIdFields = {
  cidr_list: f.strings('Addresses it is good from; within those of the role.').default([]),
  metadata: f
    .string('Kept with the tokens of its log-ins: a JSON object of strings, or "key=value" with commas between.')
    .default(''),
  num_uses: f.int('How often it can be used; not more than the role says.').optional(),
  token_bound_cidrs: f.strings('Addresses its tokens are good from; within those of the role.').default([]),
  ttl: f.duration('How long it is good; not longer than the role says.').optional(),
}

const pairs = f.pairs()

export function secretIdInit(role: Role, input: Infer<typeof secretIdFields>): SecretIdInit {
  if (!role.bind_secret_id) throw approleErrors.UNBOUND()
  return {
    cidr_list: within(input.cidr_list, role.secret_id_bound_cidrs, 'cidr_list'),
    token_bound_cidrs: within(input.token_bound_cidrs, role.token_bound_cidrs, 'token_bound_cidrs'),
    num_uses: usesOf(input.num_uses, role.secret_id_num_uses),
    ttl: ttlOf(input.ttl, role.secret_id_ttl),
    metadata: metadataOf(input.metadata),
  }
}

/** The role may have come to be bound to other addresses since. */
export function isWithinRole(list: readonly string[], ofRole: readonly string[]): boolean {
  return ofRole.length === 0 || list.every((block) => isWithin(block, ofRole))
}

function within(given: readonly string[], ofRole: readonly string[], field: string): readonly string[] {
  const list = blocks(given, field) ?? []
  if (!isWithinRole(list, ofRole)) throw approleErrors.SUBSET({ field })
  return list
}

function usesOf(asked: number | undefined, ofRole: number): number {
  if (asked === undefined) return ofRole
  if (asked < 0) throw approleErrors.NEGATIVE_USES()
  if (ofRole > 0 && (asked === 0 || asked > ofRole)) throw approleErrors.MORE_USES()
  return asked
}

function ttlOf(asked: number | undefined, ofRole: number): number {
  if (asked === undefined) return ofRole
  if (ofRole > 0 && (asked === 0 || asked > ofRole)) throw approleErrors.LONGER_TTL()
  return asked
}

function metadataOf(text: string): ReadonlyMap<string, string> {
  const clean = text.trim()
  if (clean === '') return new Map()
  const found = pairs.tryParse(clean) ?? pairs.tryParse(fromBase64(clean))
  if (found === undefined || [...found].some(([name, value]) => name === '' || value === ''))
    throw approleErrors.METADATA()
  return found
}

/** Vault takes either form in base64, too. */
function fromBase64(text: string): string {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString() : text
}
