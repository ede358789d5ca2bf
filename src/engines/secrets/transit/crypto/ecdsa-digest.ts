/**
 * ECDSA (FIPS 186-5) over a hash that the client made: OpenSSL's binding signs messages only. Every multiplication of a point is
 * OpenSSL's own, and takes as long whatever the numbers are; what is left is a little arithmetic, blinded where it meets the private key.
 */
import { createECDH, ECDH, KeyObject, randomBytes } from 'node:crypto'
import type { PrivateKey } from '../../../../lib/secure/openssl-heap.ts'
import { curveOf, type Curve } from './curves.ts'
import { inverse, modulo, toBytes, toNumber } from './modular.ts'
import { scalarOf } from './pkcs8.ts'

interface Point {
  readonly x: bigint
  readonly y: bigint
}

/** Both numbers of the signature, side by side. */
export function signDigest(key: PrivateKey, curveName: string, digest: Uint8Array): Buffer {
  const curve = curveOf(curveName)
  const { order, bytes } = curve
  const secret = toNumber(scalarBytes(key))
  const z = hashNumber(digest, curve)
  for (;;) {
    const ephemeral = agreementOver(curve)
    ephemeral.generateKeys()
    const r = modulo(pointOf(ephemeral.getPublicKey()).x, order)
    const blind = randomScalar(curve)
    const k = modulo(blind * toNumber(ephemeral.getPrivateKey()), order)
    const sum = modulo(blind * z + modulo(blind * secret, order) * r, order)
    const s = modulo(inverse(k, order) * sum, order)
    if (r !== 0n && s !== 0n) return Buffer.concat([toBytes(r, bytes), toBytes(s, bytes)])
  }
}

export function verifyDigest(key: KeyObject, curveName: string, digest: Uint8Array, signature: Uint8Array): boolean {
  const curve = curveOf(curveName)
  const { order, bytes } = curve
  const r = toNumber(signature.subarray(0, bytes))
  const s = toNumber(signature.subarray(bytes))
  if (r === 0n || s === 0n || r >= order || s >= order) return false
  const w = inverse(s, order)
  const u1 = modulo(hashNumber(digest, curve) * w, order)
  const u2 = modulo(r * w, order)
  const ofKey = times(u2, publicPoint(key), curve)
  const sum = u1 === 0n ? ofKey : plus(timesBase(u1, curve), ofKey, curve)
  return sum !== undefined && modulo(sum.x, order) === r
}

function scalarBytes(key: PrivateKey): Buffer {
  return key instanceof KeyObject ? Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url') : scalarOf(key.key)
}

/** One for each curve, again and again: the number it is given frees the one before, and none waits in OpenSSL's locked heap to be collected. */
const agreements = new Map<string, ECDH>()

function agreementOver({ engine }: Curve): ECDH {
  const known = agreements.get(engine)
  if (known !== undefined) return known
  const made = createECDH(engine)
  agreements.set(engine, made)
  return made
}

/** The leftmost bits, as many as the order has. */
function hashNumber(digest: Uint8Array, { bits, order }: Curve): bigint {
  const excess = digest.length * 8 - bits
  const number = toNumber(digest)
  return modulo(excess > 0 ? number >> BigInt(excess) : number, order)
}

function randomScalar({ order, bytes }: Curve): bigint {
  return modulo(toNumber(randomBytes(bytes + 16)), order - 1n) + 1n
}

function pointOf(uncompressed: Uint8Array): Point {
  const bytes = (uncompressed.length - 1) / 2
  return { x: toNumber(uncompressed.subarray(1, 1 + bytes)), y: toNumber(uncompressed.subarray(1 + bytes)) }
}

function publicPoint(key: KeyObject): Point {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  return { x: toNumber(Buffer.from(x, 'base64url')), y: toNumber(Buffer.from(y, 'base64url')) }
}

function timesBase(scalar: bigint, curve: Curve): Point {
  const ecdh = agreementOver(curve)
  ecdh.setPrivateKey(toBytes(scalar, curve.bytes))
  return pointOf(ecdh.getPublicKey())
}

/**
 * `scalar` is neither 0 nor a multiple of the order. Key agreement tells only the x of the product. Which of the two points with that x it
 * is shows in the x of the next multiple, to which each of them would lead.
 */
function times(scalar: bigint, point: Point, curve: Curve): Point {
  if (scalar === 1n) return point
  const opposite = { x: point.x, y: curve.prime - point.y }
  if (scalar === curve.order - 1n) return opposite
  const x = productX(scalar, point, curve)
  const candidate = pointOf(
    Buffer.from(
      ECDH.convertKey(
        Buffer.concat([Buffer.from([2]), toBytes(x, curve.bytes)]),
        curve.engine,
        undefined,
        undefined,
        'uncompressed',
      ),
    ),
  )
  return plus(candidate, point, curve)?.x === productX(scalar + 1n, point, curve)
    ? candidate
    : { x, y: curve.prime - candidate.y }
}

function productX(scalar: bigint, { x, y }: Point, curve: Curve): bigint {
  const { bytes } = curve
  const ecdh = agreementOver(curve)
  ecdh.setPrivateKey(toBytes(scalar, bytes))
  return toNumber(ecdh.computeSecret(Buffer.concat([Buffer.from([4]), toBytes(x, bytes), toBytes(y, bytes)])))
}

/** Undefined where the sum is the point at infinity. The curves have a = -3. */
function plus(left: Point, right: Point, { prime }: Curve): Point | undefined {
  if (left.x === right.x && modulo(left.y + right.y, prime) === 0n) return undefined
  const slope =
    left.x === right.x
      ? modulo((3n * left.x * left.x - 3n) * inverse(2n * left.y, prime), prime)
      : modulo((left.y - right.y) * inverse(left.x - right.x, prime), prime)
  const x = modulo(slope * slope - left.x - right.x, prime)
  return { x, y: modulo(slope * (left.x - x) - left.y, prime) }
}
