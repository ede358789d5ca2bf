/** Rules that need no storage. */
import { policyName, policyNameProblem, policyNames, unassignablePolicies } from '../../../lib/policy-names.ts'
import { identityNameProblem } from '../../../lib/identity-name.ts'
import { identityErrors } from './errors.ts'

export type Metadata = ReadonlyMap<string, string>

export const noMetadata: Metadata = new Map()

const MAX_PAIRS = 64
const MAX_KEY = 128
const MAX_VALUE = 512
const RESERVED = 'vault-'

/** Policies as they are kept. Identity never makes root, however it is spelled. */
export function assignedPolicies(names: readonly string[]): string[] {
  for (const part of names.flatMap((name) => name.split(',')).map(policyName)) {
    if (part === 'root') throw identityErrors.ROOT_POLICY()
    if (unassignablePolicies.has(part)) throw identityErrors.POLICY_NOT_ASSIGNABLE({ name: part })
    const reason = policyNameProblem(part)
    if (reason !== undefined) throw identityErrors.POLICY_NAME({ reason })
  }
  return policyNames(names)
}

export function checkedName(name: string): string {
  const reason = identityNameProblem(name)
  if (reason !== undefined) throw identityErrors.NAME({ reason })
  return name
}

/** `of`: "entity", "group", "alias". */
export function checkedMetadata(metadata: Metadata, of: string): Metadata {
  const refuse = (reason: string): never => {
    throw identityErrors.METADATA({ of, reason })
  }
  if (metadata.size > MAX_PAIRS) refuse(`metadata cannot contain more than ${MAX_PAIRS} key/value pairs`)
  for (const [key, value] of metadata) {
    const problem = pairProblem(key, value)
    // The value is not shown: it is data, and may be long.
    if (problem !== undefined) refuse(`failed to load metadata pair with the key ${JSON.stringify(key)}: ${problem}`)
  }
  return metadata
}

function pairProblem(key: string, value: string): string | undefined {
  if (key === '') return 'key cannot be blank'
  if (!/^[\w=/+-]+$/.test(key)) return 'key contains invalid characters'
  if (key.length > MAX_KEY) return `key is too long (limit: ${MAX_KEY} characters)`
  if (key.startsWith(RESERVED)) return `key prefix "${RESERVED}" is reserved for internal use`
  return Buffer.byteLength(value) > MAX_VALUE ? `value is too long (limit: ${MAX_VALUE} characters)` : undefined
}

export function checkedCustomMetadata(metadata: Metadata): Metadata {
  if (metadata.size > MAX_PAIRS) {
    const reason = `payload must contain at most ${MAX_PAIRS} keys, provided ${metadata.size}`
    throw identityErrors.CUSTOM_METADATA({ reason })
  }
  for (const [key, value] of metadata) {
    const reason = customPairProblem(key, value)
    if (reason !== undefined) throw identityErrors.CUSTOM_METADATA({ reason })
  }
  return metadata
}

const UNPRINTABLE = /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u

function customPairProblem(key: string, value: string): string | undefined {
  const [keyLength, valueLength] = [Buffer.byteLength(key), Buffer.byteLength(value)]
  if (keyLength === 0 || keyLength > MAX_KEY)
    return `length of key ${JSON.stringify(key)} is ${keyLength} but must be 0 < len(key) <= ${MAX_KEY}`
  if (valueLength > MAX_VALUE)
    return `length of value for key ${JSON.stringify(key)} is ${valueLength} but must be 0 < len(value) <= ${MAX_VALUE}`
  if (UNPRINTABLE.test(key)) return `key ${JSON.stringify(key)} contains unprintable characters`
  if (UNPRINTABLE.test(value)) return `value for key ${JSON.stringify(key)} contains unprintable characters`
  return undefined
}

export function sameMetadata(a: Metadata, b: Metadata): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}
