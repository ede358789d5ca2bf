/**
 * Base64 as Vault takes it: the standard alphabet with its padding; line ends are passed over, all else is refused with the place of the
 * first fault, as Go counts it.
 */
import { RawJson, type JsonOut } from '#framework'
import { transitErrors } from './errors.ts'

/** The bytes, or where the text goes wrong. */
export function decodeBase64(text: string): Buffer | number {
  const bytes = Buffer.from(text, 'base64')
  // The decoder of Node.js passes over whatever it does not know, so that what it passed over shows in the length.
  if ((text.length & 3) === 0 && bytes.length === lengthOf(text) && !text.includes('-') && !text.includes('_'))
    return bytes
  const at = faultOf(text)
  return at === undefined ? bytes : at
}

/** Throws `TRANSIT_BASE64`. */
export function fromBase64(text: string): Buffer {
  const bytes = decodeBase64(text)
  if (typeof bytes === 'number') throw transitErrors.BASE64({ at: bytes })
  return bytes
}

/** A context or a nonce, which are named in the refusal; empty where there is none. Throws `TRANSIT_FIELD_BASE64`. */
export function namedBase64(text: string, field: string): Buffer {
  const bytes = decodeBase64(text)
  if (typeof bytes === 'number') throw transitErrors.FIELD_BASE64({ field })
  return bytes
}

/** Without padding and with the alphabet for URLs, as JWS has it. */
export function fromBase64Url(text: string): Buffer | undefined {
  return /^[\w-]*$/.test(text) && text.length % 4 !== 1 ? Buffer.from(text, 'base64url') : undefined
}

/** From here on a text is put into a reply as it is, since looking for what has to be escaped in it would take its time. */
const LONG = 1 << 14

/** A ciphertext or base64, none of whose characters JSON has to escape. */
export function plainText(text: string): JsonOut {
  return text.length < LONG ? text : new RawJson(`"${text}"`)
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function lengthOf(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return (text.length / 4) * 3 - padding
}

const DIGIT = /[A-Za-z0-9+/]/

/** Undefined where there is none. */
function faultOf(text: string): number | undefined {
  let inGroup = 0
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === '\n' || character === '\r') continue
    if (DIGIT.test(character)) {
      inGroup = (inGroup + 1) % 4
      continue
    }
    return character === '=' && inGroup >= 2 ? faultAfterPadding(text, i, inGroup) : i
  }
  return inGroup === 0 ? undefined : Buffer.byteLength(text) - inGroup
}

/** Of what follows the first padding character, at `i`, in a group that has `inGroup` digits. */
function faultAfterPadding(text: string, i: number, inGroup: number): number | undefined {
  let next = afterLineEnds(text, i + 1)
  if (inGroup === 2) {
    if (next === text.length) return text.length
    if (text.charAt(next) !== '=') return next - 1
    next = afterLineEnds(text, next + 1)
  }
  return next === text.length ? undefined : next
}

function afterLineEnds(text: string, from: number): number {
  let i = from
  while (text.charAt(i) === '\n' || text.charAt(i) === '\r') i++
  return i
}
