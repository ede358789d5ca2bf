import type { NumberValue } from './ast.ts'
import type { Source } from './source.ts'
import type { Token } from './lexer.ts'

const MAX = (1n << 63n) - 1n

/** A number as Go reads it: `0x1f` and `017` are integers of base 16 and 8; an integer has to fit 64 bits. */
export function numberValue(source: Source, token: Token): NumberValue {
  const { at, text } = token
  const integer = /^-?(?:\d+|0[xX][0-9a-fA-F]+)$/.test(text)
  if (!integer) {
    const value = Number(text)
    return Number.isFinite(value)
      ? { kind: 'number', at, text, value, integer }
      : source.fail(at.offset, 'the number is too large')
  }
  // A longer one cannot fit; reading it as a bigint would cost the square of its length.
  const exact = text.length > 40 ? MAX + 2n : exactInteger(text)
  if (exact > MAX || exact < -MAX - 1n)
    return source.fail(at.offset, 'the number is too large: it takes at most 64 bits')
  return { kind: 'number', at, text, value: Number(exact), integer }
}

function exactInteger(text: string): bigint {
  const negative = text.startsWith('-')
  const digits = negative ? text.slice(1) : text
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits)
  return negative ? -value : value
}
