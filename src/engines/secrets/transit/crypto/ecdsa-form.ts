/** The two forms of an ECDSA signature: ASN.1, and the two numbers side by side, as JWS has it. Inside it is always the latter. */
import { transitErrors } from '../errors.ts'

const SEQUENCE = 0x30
const INTEGER = 0x02

export function toAsn1(signature: Uint8Array): Buffer {
  const half = signature.length / 2
  const body = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))])
  return Buffer.concat([Buffer.from([SEQUENCE, ...lengthOf(body.length)]), body])
}

/** Undefined for numbers that are no part of any signature: negative, or too large. Throws `TRANSIT_SIGNATURE_FORM` for what is no DER. */
export function fromAsn1(der: Uint8Array, bytes: number): Buffer | undefined {
  const [body, rest] = element(der, SEQUENCE)
  const [r, afterR] = element(body, INTEGER)
  const [s, afterS] = element(afterR, INTEGER)
  if (rest.length > 0 || afterS.length > 0) throw transitErrors.SIGNATURE_FORM()
  return sideBySide(natural(r), natural(s), bytes)
}

/** As the reference does, whatever is sent is cut in two. */
export function fromJws(signature: Uint8Array, bytes: number): Buffer | undefined {
  const half = Math.floor(signature.length / 2)
  return sideBySide(signature.subarray(0, half), signature.subarray(half), bytes)
}

function sideBySide(r: Uint8Array | undefined, s: Uint8Array | undefined, bytes: number): Buffer | undefined {
  const [left, right] = [fitted(r, bytes), fitted(s, bytes)]
  return left && right && Buffer.concat([left, right])
}

function fitted(number: Uint8Array | undefined, bytes: number): Buffer | undefined {
  if (number === undefined) return undefined
  const digits = withoutZeros(number)
  return digits.length > bytes ? undefined : Buffer.concat([Buffer.alloc(bytes - digits.length), digits])
}

function withoutZeros(number: Uint8Array): Uint8Array {
  const first = number.findIndex((byte) => byte !== 0)
  return first === -1 ? number.subarray(number.length) : number.subarray(first)
}

function integer(number: Uint8Array): Buffer {
  const digits = withoutZeros(number)
  const sign = digits.length === 0 || (digits[0] ?? 0) >= 0x80 ? [0] : []
  return Buffer.concat([Buffer.from([INTEGER, sign.length + digits.length, ...sign]), digits])
}

function lengthOf(length: number): readonly number[] {
  return length < 0x80 ? [length] : [0x81, length]
}

/** The contents of one DER element, and what follows it. */
function element(der: Uint8Array, tag: number): readonly [Uint8Array, Uint8Array] {
  const [found, first = 0, second = 0] = der
  const long = first === 0x81
  const length = long ? second : first
  const from = long ? 3 : 2
  if (found !== tag || (!long && first >= 0x80) || (long && second < 0x80) || der.length < from + length)
    throw transitErrors.SIGNATURE_FORM()
  return [der.subarray(from, from + length), der.subarray(from + length)]
}

/** An INTEGER's magnitude in the one form that DER allows; undefined if it is negative. */
function natural(contents: Uint8Array): Uint8Array | undefined {
  const [first = 0, second = 0] = contents
  const wasteful = contents.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
  if (contents.length === 0 || wasteful) throw transitErrors.SIGNATURE_FORM()
  return first >= 0x80 ? undefined : contents
}
