/** `data` of a request or response: every string HMACed, keys kept, the mount's exemptions honoured. */
import { membersOf, quote, RawJson, stringify, unquote } from '../lib/json/index.ts'
import type { JsonOut } from '../lib/json/index.ts'
import type { Data } from '../request/reply.ts'
import { onOneLine, type Redactor } from './redactor.ts'

export interface DataRule {
  /** Keys whose strings stay in clear (`audit_non_hmac_request_keys`, …). */
  readonly clear: ReadonlySet<string>
  /** Members whose whole content is HMACed even so. */
  readonly sensitive: ReadonlySet<string>
  /** `keys` and `key_info` become their number (`elide_list_responses`). */
  readonly elide: boolean
}

const nothing: ReadonlySet<string> = new Set()
/** As the JSON writer's; stops a cycle. */
const maxDepth = 512

type Members = Iterable<readonly [string, JsonOut | undefined]>

/** JSON object; the empty string if there are no members. */
export function writeData(data: Data, rule: DataRule, redactor: Redactor): string {
  if (data instanceof RawJson) return writeRawData(data, rule, redactor)
  return writeMembers(data instanceof Map ? data : Object.entries(data), rule, redactor)
}

function writeRawData(data: RawJson, rule: DataRule, redactor: Redactor): string {
  const members = rule.elide || rule.clear.size > 0 ? membersOf(data) : undefined
  if (members !== undefined) return writeMembers(members, rule, redactor)
  return data.kind === 'null' || data.text === '{}' ? '' : redactor.json(data.text)
}

export function writeMembers(members: Members, rule: DataRule, redactor: Redactor): string {
  let out = ''
  for (const [name, value] of members) {
    if (value === undefined) continue
    const clear = rule.sensitive.has(name) ? nothing : rule.clear
    const count = rule.elide ? elided(name, value) : undefined
    const text = count === undefined ? write(value, redactor, clear, name, 0) : String(count)
    out += `${out === '' ? '{' : ','}${quote(name)}:${text}`
  }
  return out === '' ? '' : `${out}}`
}

function write(value: JsonOut, redactor: Redactor, clear: ReadonlySet<string>, key: string, depth: number): string {
  if (typeof value === 'string') return clear.has(key) ? quote(value) : redactor.string(value)
  if (typeof value !== 'object' || value === null) return stringify(value)
  if (value instanceof RawJson) return writeRaw(value, redactor, clear, key)
  if (value instanceof Uint8Array) return redactor.bytes(value)
  if (depth >= maxDepth) throw new Error('nested too deep for an audit entry')
  if (isList(value)) return `[${value.map((item) => write(item, redactor, clear, key, depth + 1)).join(',')}]`
  let out = ''
  for (const [name, member] of value instanceof Map ? value : Object.entries(value)) {
    if (member !== undefined)
      out += `${out === '' ? '' : ','}${quote(name)}:${write(member, redactor, clear, name, depth + 1)}`
  }
  return `{${out}}`
}

function writeRaw(value: RawJson, redactor: Redactor, clear: ReadonlySet<string>, key: string): string {
  switch (value.kind) {
    case 'string':
      return clear.has(key) ? value.text : redactor.string(unquote(value.text))
    case 'object':
    case 'array':
      return clear.size === 0 ? redactor.json(value.text) : redactor.jsonExcept(value.text, clear, key)
    default:
      return onOneLine(value.text)
  }
}

// Array.isArray does not narrow readonly arrays.
function isList(value: object): value is readonly JsonOut[] {
  return Array.isArray(value)
}

function elided(name: string, value: JsonOut): number | undefined {
  if (name !== 'keys' && name !== 'key_info') return undefined
  const plain = value instanceof RawJson ? value.value() : value
  if (typeof plain !== 'object' || plain === null) return undefined
  if (name === 'keys') return isList(plain) ? plain.length : undefined
  return isList(plain) ? undefined : plain instanceof Map ? plain.size : Object.keys(plain).length
}
