/**
 * The field of 256 elements in which keys are shared: polynomials over GF(2) modulo x^8 + x^4 + x^3 + x + 1. No table is
 * indexed and no branch is taken by an operand, so that time and cache tell nothing of a key.
 */

function add(a: number, b: number): number {
  return a ^ b
}

export function multiply(a: number, b: number): number {
  let product = 0
  let shifted = a
  for (let bit = 0; bit < 8; bit++) {
    product ^= -((b >>> bit) & 1) & shifted
    shifted = ((shifted << 1) ^ (-((shifted >>> 7) & 1) & 0x11b)) & 0xff
  }
  return product & 0xff
}

/** The inverse of a non-zero element, as a^254. Zero gives zero. */
export function invert(a: number): number {
  let power = a
  let result = 1
  // 254 is 11111110 in binary.
  for (let bit = 1; bit < 8; bit++) {
    power = multiply(power, power)
    result = multiply(result, power)
  }
  return result
}

/** The value at `x` of the polynomial with these coefficients, the constant one first. */
export function evaluate(coefficients: Uint8Array, x: number): number {
  let value = 0
  for (let i = coefficients.length - 1; i >= 0; i--) value = add(multiply(value, x), coefficients[i] ?? 0)
  return value
}

/** The weights with which values at distinct non-zero `xs` add up to the value at zero (Lagrange). */
export function weightsAtZero(xs: Uint8Array): Uint8Array {
  return xs.map((xi, i) => {
    let numerator = 1
    let denominator = 1
    for (const [j, xj] of xs.entries()) {
      if (j === i) continue
      numerator = multiply(numerator, xj)
      denominator = multiply(denominator, add(xj, xi))
    }
    return multiply(numerator, invert(denominator))
  })
}
