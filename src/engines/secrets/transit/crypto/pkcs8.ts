/** Private keys in PKCS #8 (RFC 5958), read as bytes: OpenSSL would hold a key that it parsed until it is collected. */
import { transitErrors } from '../errors.ts'
import { der, elements, INTEGER, SEQUENCE, type Element } from './der.ts'

const PARAMETERS = 0xa0

/** Of RSA keys (RFC 8017), of curves (RFC 5915): in the form of their own standards, which PKCS #8 puts a frame around. */
export function pkcs1Of(pkcs8: Uint8Array): Buffer {
  return partsOf(pkcs8).key
}

/** With the curve, which in PKCS #8 stands in the frame. */
export function sec1Of(pkcs8: Uint8Array): Buffer {
  const { curve, key } = partsOf(pkcs8)
  const [version, scalar, ...more] = within(key)
  if (version === undefined || scalar === undefined || curve === undefined) throw transitErrors.DAMAGED()
  return der(SEQUENCE, version.whole, scalar.whole, der(PARAMETERS, curve.whole), ...more.map(({ whole }) => whole))
}

/** Of a curve's key. */
export function scalarOf(pkcs8: Uint8Array): Buffer {
  const [, scalar] = within(partsOf(pkcs8).key)
  if (scalar === undefined) throw transitErrors.DAMAGED()
  return scalar.contents
}

export interface RsaNumbers {
  readonly n: Buffer
  readonly e: Buffer
  readonly d: Buffer
  readonly p: Buffer
  readonly q: Buffer
  readonly dp: Buffer
  readonly dq: Buffer
  readonly qi: Buffer
}

export function rsaNumbersOf(pkcs8: Uint8Array): RsaNumbers {
  const numbers = within(pkcs1Of(pkcs8))
  const at = (i: number): Buffer => {
    const found = numbers[i]
    if (found?.tag !== INTEGER) throw transitErrors.DAMAGED()
    return found.contents
  }
  return { n: at(1), e: at(2), d: at(3), p: at(4), q: at(5), dp: at(6), dq: at(7), qi: at(8) }
}

function partsOf(pkcs8: Uint8Array): { readonly key: Buffer; readonly curve: Element | undefined } {
  const [, algorithm, key] = within(Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.byteLength))
  if (algorithm === undefined || key === undefined) throw transitErrors.DAMAGED()
  const [, curve] = elements(algorithm.contents) ?? []
  return { key: key.contents, curve }
}

/** The elements of a sequence. */
function within(sequence: Buffer): readonly Element[] {
  const [outer] = elements(sequence) ?? []
  if (outer?.tag !== SEQUENCE) throw transitErrors.DAMAGED()
  return elements(outer.contents) ?? []
}
