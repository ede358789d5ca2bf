/** The little of DER (X.690) that requests for certificates are made of. */

export const SEQUENCE = 0x30
export const INTEGER = 0x02
export const BIT_STRING = 0x03

/** One element of the given contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body.length)]), body])
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const digits = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex')
  return [0x80 + digits.length, ...digits]
}

export interface Element {
  readonly tag: number
  readonly contents: Buffer
  /** With tag and length. */
  readonly whole: Buffer
}

/** The elements that stand one after the other, undefined where they do not fill the bytes. Of lengths no more than 24 bits are read. */
export function elements(bytes: Buffer): readonly Element[] | undefined {
  const out: Element[] = []
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at + 1]
    if (first === undefined) return undefined
    const digits = first < 0x80 ? 0 : first - 0x80
    const from = at + 2 + digits
    if (first === 0x80 || digits > 3 || from > bytes.length) return undefined
    const length = digits === 0 ? first : bytes.readUIntBE(at + 2, digits)
    if (from + length > bytes.length) return undefined
    out.push({
      tag: bytes[at] ?? 0,
      contents: bytes.subarray(from, from + length),
      whole: bytes.subarray(at, from + length),
    })
    at = from + length
  }
  return out
}
