/** The curves of ECDSA keys (FIPS 186-5), as far as numbers are needed of them. */

export interface Curve {
  readonly name: string
  /** OpenSSL's name. */
  readonly engine: string
  /** Bytes of a coordinate. */
  readonly bytes: number
  readonly prime: bigint
  readonly order: bigint
  /** Bits of the order. */
  readonly bits: number
}

const P256: Curve = {
  name: 'P-256',
  engine: 'prime256v1',
  bytes: 32,
  bits: 256,
  prime: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
}
const P384: Curve = {
  name: 'P-384',
  engine: 'secp384r1',
  bytes: 48,
  bits: 384,
  prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
}
const P521: Curve = {
  name: 'P-521',
  engine: 'secp521r1',
  bytes: 66,
  bits: 521,
  prime: 2n ** 521n - 1n,
  order:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
}

const curves = new Map([P256, P384, P521].map((curve) => [curve.name, curve]))

export function curveOf(name: string): Curve {
  const curve = curves.get(name)
  if (curve === undefined) throw new Error('no such curve')
  return curve
}
