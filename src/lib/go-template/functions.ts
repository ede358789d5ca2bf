/**
 * The functions of Vault's templates and those of Go that are of use beside them.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/username-templating
 */
import { createHash } from 'node:crypto'
import { matchGlob } from '../glob.ts'
import { TemplateError } from './error.ts'
import { formatGoTime } from './go-time.ts'
import { printf, type Value } from './printf.ts'

/** What a template takes from the world. */
export interface TemplateWorld {
  /** Wall clock, ms. */
  readonly now: number
  /** Letters and digits. */
  readonly random: (length: number) => string
  readonly uuid: () => string
}

interface TemplateFunction {
  /** How many arguments; undefined for any number from `least` on. */
  readonly count?: number
  readonly least?: number
  readonly call: (args: readonly Value[], world: TemplateWorld) => Value
}

const MAX_RANDOM = 1024
const HASH_TAIL = 8

const string = (value: Value | undefined): string => {
  if (typeof value === 'string') return value
  throw new TemplateError(`wrong type for value; expected string; got ${typeof value === 'number' ? 'int' : 'bool'}`)
}
const integer = (value: Value | undefined): number => {
  if (typeof value === 'number') return value
  throw new TemplateError(`expected integer; found ${typeof value === 'string' ? 'string' : 'bool'}`)
}

/** One string in, one out. */
const ofText = (change: (text: string) => string): TemplateFunction => ({
  count: 1,
  call: ([text]) => change(string(text)),
})

const compared = (test: (a: Value, b: Value) => boolean): TemplateFunction => ({
  count: 2,
  call: ([a = '', b = '']) => {
    if (typeof a !== typeof b) throw new TemplateError('incompatible types for comparison')
    return test(a, b)
  },
})

const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['random', { count: 1, call: ([length], world) => random(integer(length), world) }],
  ['truncate', { count: 2, call: ([length, text]) => truncate(integer(length), string(text)) }],
  ['truncate_sha256', { count: 2, call: ([length, text]) => truncateHashed(integer(length), string(text)) }],
  ['uppercase', ofText((text) => text.toUpperCase())],
  ['lowercase', ofText((text) => text.toLowerCase())],
  ['replace', { count: 3, call: ([from, to, text]) => string(text).replaceAll(string(from), () => string(to)) }],
  ['sha256', ofText(sha256)],
  ['base64', ofText((text) => Buffer.from(text).toString('base64'))],
  ['decode_base64', ofText((text) => decoded(text, 'base64'))],
  ['hex', ofText((text) => Buffer.from(text).toString('hex'))],
  ['decode_hex', ofText((text) => decoded(text, 'hex'))],
  ['unix_time', { count: 0, call: (_, { now }) => String(Math.floor(now / 1000)) }],
  ['unix_time_millis', { count: 0, call: (_, { now }) => String(now) }],
  ['timestamp', { count: 1, call: ([layout], { now }) => formatGoTime(string(layout), now) }],
  ['uuid', { count: 0, call: (_, world) => world.uuid() }],
  ['glob', { count: 2, call: ([pattern, text]) => matchGlob(string(pattern), string(text)) }],
  ['printf', { least: 1, call: ([format, ...values]) => printf(string(format), values) }],
  ['print', { least: 0, call: (values) => values.map(String).join('') }],
  ['len', { count: 1, call: ([text]) => Buffer.byteLength(string(text)) }],
  ['not', { count: 1, call: ([value]) => !isTrue(value ?? false) }],
  ['and', { least: 1, call: (values) => values.find((value) => !isTrue(value)) ?? values.at(-1) ?? false }],
  ['or', { least: 1, call: (values) => values.find(isTrue) ?? values.at(-1) ?? false }],
  ['eq', compared((a, b) => a === b)],
  ['ne', compared((a, b) => a !== b)],
  ['lt', compared((a, b) => a < b)],
  ['le', compared((a, b) => a <= b)],
  ['gt', compared((a, b) => a > b)],
  ['ge', compared((a, b) => a >= b)],
])

export function isFunction(name: string): boolean {
  return FUNCTIONS.has(name)
}

export function callFunction(name: string, args: readonly Value[], world: TemplateWorld): Value {
  const found = FUNCTIONS.get(name)
  if (found === undefined) throw new TemplateError(`function ${JSON.stringify(name)} not defined`)
  const { count, least = 0 } = found
  if (count === undefined ? args.length < least : args.length !== count)
    throw new TemplateError(`wrong number of args for ${name}: want ${count ?? `at least ${least}`} got ${args.length}`)
  try {
    return found.call(args, world)
  } catch (error) {
    throw error instanceof TemplateError ? new TemplateError(`error calling ${name}: ${error.message}`) : error
  }
}

/** As Go's `if` has it: not empty, not zero, not false. */
export function isTrue(value: Value): boolean {
  return value !== '' && value !== 0 && value !== false
}

function random(length: number, world: TemplateWorld): string {
  if (length < 0 || length > MAX_RANDOM) throw new TemplateError(`a length is from 0 to ${MAX_RANDOM}`)
  return world.random(length)
}

/** Bytes are counted, as in Go, and no character is cut in two. */
function truncate(length: number, text: string): string {
  if (length <= 0) throw new TemplateError(`max length must be > 0 but was ${length}`)
  return headOf(text, length)
}

function truncateHashed(length: number, text: string): string {
  if (length <= HASH_TAIL) throw new TemplateError(`max length must be > ${HASH_TAIL} but was ${length}`)
  if (Buffer.byteLength(text) <= length) return text
  const head = headOf(text, length - HASH_TAIL)
  return head + sha256(text.slice(head.length)).slice(0, HASH_TAIL)
}

function headOf(text: string, bytes: number): string {
  const all = Buffer.from(text)
  if (all.length <= bytes) return text
  let end = bytes
  // Continuation bytes belong to the character before them.
  while (end > 0 && ((all[end] ?? 0) & 0xc0) === 0x80) end--
  return all.subarray(0, end).toString()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function decoded(text: string, encoding: 'base64' | 'hex'): string {
  const bytes = Buffer.from(text, encoding)
  if (bytes.toString(encoding) !== (encoding === 'hex' ? text.toLowerCase() : text))
    throw new TemplateError(`the value is not ${encoding}`)
  return bytes.toString()
}
