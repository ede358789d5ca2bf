/** JSON bodies, cut into members that keep their text. */
import { isAscii, isUtf8 } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { JsonError } from './error.ts'
import { noJsonLimits } from './limits.ts'
import type { JsonLimits } from './limits.ts'
import { RawJson } from './raw.ts'
import { isSpace, Scanner } from './scan.ts'

/** Bytes scanned before the event loop gets its turn: 2 to 8 ms. */
const sliceBytes = 1 << 20

const none: ReadonlyMap<string, RawJson> = new Map()

/**
 * The members of a JSON object, as text. The whole of `body` is validated (RFC 8259) and measured against `limits`; nested
 * values are not parsed. Of a key that stands twice the last value counts, as in Vault. An empty or
 * blank body and `null` have no members, as in Vault. Throws `JsonError`, also `not_object` for a valid text of another kind.
 */
export function parseObject(body: Uint8Array | string, limits: JsonLimits): ReadonlyMap<string, RawJson> {
  const bytes = toBytes(body)
  if (isBlank(bytes)) return none
  const scanner = new Scanner(bytes, limits)
  scanner.run(bytes.length)
  return cut(bytes, scanner)
}

/** `parseObject` for bodies over a MiB: yields to the event loop as it goes. `body` must not change meanwhile. */
export async function parseObjectAsync(body: Uint8Array, limits: JsonLimits): Promise<ReadonlyMap<string, RawJson>> {
  if (body.length <= sliceBytes) return parseObject(body, limits)
  const bytes = toBytes(body)
  if (isBlank(bytes)) return none
  const scanner = new Scanner(bytes, limits)
  for (let until = sliceBytes; !scanner.run(until); until += sliceBytes) await setImmediate()
  return isAscii(bytes) ? cut(bytes, scanner) : cut(bytes, scanner, await decodeLong(bytes, scanner.members))
}

/** One JSON value of any kind, validated, without the white space around it. Throws `JsonError`. */
export function parseRaw(text: Uint8Array | string, limits: JsonLimits): RawJson {
  const bytes = toBytes(text)
  const scanner = new Scanner(bytes, limits)
  scanner.run(bytes.length)
  return new RawJson(bytes.toString('utf8', scanner.rootStart, scanner.rootEnd))
}

/** The members of a value already known to be valid JSON; `undefined` unless it is an object. */
export function membersOf(raw: RawJson): ReadonlyMap<string, RawJson> | undefined {
  return raw.kind === 'object' ? parseObject(raw.text, noJsonLimits) : undefined
}

function toBytes(body: Uint8Array | string): Buffer {
  if (typeof body === 'string') {
    if (!body.isWellFormed()) throw new JsonError('utf8', 'not valid UTF-8', 0)
    return Buffer.from(body)
  }
  if (!isUtf8(body)) throw new JsonError('utf8', 'not valid UTF-8', 0)
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

function isBlank(bytes: Uint8Array): boolean {
  let i = 0
  while (isSpace(bytes[i])) i++
  return i === bytes.length
}

function cut(bytes: Buffer, scanner: Scanner, decoded?: ReadonlyMap<number, string>): ReadonlyMap<string, RawJson> {
  const first = bytes[scanner.rootStart]
  if (first !== 0x7b) {
    if (first === 0x6e) return none
    throw new JsonError('not_object', 'expected an object', scanner.rootStart)
  }
  // Latin-1 is a plain copy; ASCII reads the same in both.
  const encoding = isAscii(bytes) ? 'latin1' : 'utf8'
  const { members } = scanner
  const out = new Map<string, RawJson>()
  for (let i = 0; i < members.length; i += 4) {
    const key = bytes.toString(encoding, members[i], members[i + 1])
    const text = decoded?.get(i) ?? bytes.toString(encoding, members[i + 2], members[i + 3])
    out.set(unquote(key), new RawJson(text))
  }
  return out
}

/** Texts of the long members, by index in `members`: decoding UTF-8 takes ms per MiB, so it too yields. */
async function decodeLong(bytes: Buffer, members: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const out = new Map<number, string>()
  for (let i = 0; i < members.length; i += 4) {
    let from = members[i + 2] ?? 0
    const end = members[i + 3] ?? 0
    if (end - from <= sliceBytes) continue
    let text = ''
    while (from < end) {
      let to = Math.min(from + sliceBytes, end)
      while (to < end && ((bytes[to] ?? 0) & 0xc0) === 0x80) to++
      text += bytes.toString('utf8', from, to)
      from = to
      await setImmediate()
    }
    out.set(i, text)
  }
  return out
}

/** The string a valid JSON string literal stands for. */
export function unquote(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  const decoded: string = JSON.parse(literal)
  return decoded
}
