import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import * as oracle from 'shamir-secret-sharing'
import { CofferError } from '../errors/coffer-error.ts'
import { evaluate, invert, multiply } from './gf256.ts'
import { combine, split } from './shamir.ts'

const secretArbitrary = fc.uint8Array({ minLength: 1, maxLength: 64 })
const numbersArbitrary = fc
  .integer({ min: 2, max: 12 })
  .chain((shares) => fc.record({ shares: fc.constant(shares), threshold: fc.integer({ min: 2, max: shares }) }))
/** Which of the shares are used, in which order. */
const pick = <T>(items: readonly T[], count: number, seed: number): T[] =>
  items
    .map((item, i) => ({ item, at: (i * 7919 + seed) % 104729 }))
    .toSorted((a, b) => a.at - b.at)
    .slice(0, count)
    .map((one) => one.item)

describe('the field', () => {
  it('multiplies as FIPS 197 section 4.2 shows', () => {
    assert.equal(multiply(0x57, 0x83), 0xc1)
    assert.equal(multiply(0x57, 0x13), 0xfe)
  })

  it('agrees with schoolbook arithmetic everywhere', () => {
    for (let a = 0; a < 256; a++) {
      for (let b = 0; b < 256; b++) assert.equal(multiply(a, b), schoolbook(a, b))
    }
  })

  it('inverts everything but zero', () => {
    assert.equal(invert(0), 0)
    for (let a = 1; a < 256; a++) assert.equal(multiply(a, invert(a)), 1)
  })

  it('evaluates the constant term at zero', () => {
    assert.equal(evaluate(Uint8Array.of(42, 7, 9), 0), 42)
    assert.equal(evaluate(Uint8Array.of(1, 2), 3), 1 ^ multiply(2, 3))
  })
})

describe('sharing', () => {
  it('gives a secret back from any threshold of shares', () => {
    fc.assert(
      fc.property(secretArbitrary, numbersArbitrary, fc.nat(), (secret, { shares, threshold }, seed) => {
        const parts = split(secret, shares, threshold)
        assert.equal(parts.length, shares)
        assert.ok(parts.every((part) => part.length === secret.length + 1 && part.at(-1) !== 0))
        assert.equal(new Set(parts.map((part) => part.at(-1))).size, shares)
        assert.deepEqual(combine(pick(parts, threshold, seed)), secret)
        assert.deepEqual(combine(parts), secret)
      }),
    )
  })

  it('tells nothing below the threshold', () => {
    const secret = new Uint8Array(32).fill(9)
    for (let i = 0; i < 20; i++) assert.notDeepEqual(combine(split(secret, 5, 3).slice(0, 2)), secret)
  })

  it('agrees with the audited library in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(secretArbitrary, numbersArbitrary, fc.nat(), async (secret, { shares, threshold }, seed) => {
        const ours = split(secret, shares, threshold)
        assert.deepEqual(await oracle.combine(pick(ours, threshold, seed)), secret)
        const theirs = await oracle.split(secret, shares, threshold)
        assert.deepEqual(combine(pick(theirs, threshold, seed)), secret)
      }),
      { numRuns: 50 },
    )
  })

  it('handles the largest numbers', () => {
    const secret = Uint8Array.from({ length: 32 }, (_, i) => i)
    assert.deepEqual(combine(split(secret, 255, 255)), secret)
  })

  it('opens shares that another server of this format made', () => {
    const made = [
      '9eae86f0c5236449daceb03f7776821aa1290f96963aa75eee39b36050d8af7174',
      '27d4d593b6f79d6edefd6ccacc1bc878243cc35ddaf3b90f19df8eec35a389cf11',
      '39e45b09ef5fbcc6861851aadaced379ac4bb25a6a2b634faf30f080e6125e24eb',
      '9990e90ce1183ba47fadaa7cc6762e852ce47e90626044ff2055ed76e5f4661e1d',
      '4d0ea53016c19e19fcb175fef0317f48dabe97f91337d8c51a60097e433f2ed0c7',
    ].map((hex) => Buffer.from(hex, 'hex'))
    const secret = Buffer.from(combine(made.slice(0, 3))).toString('hex')
    for (const three of [made.slice(2), [0, 3, 4].map((i) => made[i] ?? Buffer.alloc(0))]) {
      assert.equal(Buffer.from(combine(three)).toString('hex'), secret)
    }
  })

  it('makes one share of one the secret itself', () => {
    const secret = Uint8Array.of(1, 2, 3)
    assert.deepEqual(split(secret, 1, 1), [secret])
    assert.deepEqual(combine([secret]), secret)
  })

  it('refuses what cannot be shares of one secret', () => {
    const parts = split(new Uint8Array(16).fill(1), 3, 2)
    const [a = new Uint8Array(0), b = new Uint8Array(0)] = parts
    const zero = Uint8Array.from(b)
    zero[zero.length - 1] = 0
    const twin = Uint8Array.from(b)
    twin[twin.length - 1] = a.at(-1) ?? 0
    for (const [shares, reason] of [
      [[], 'less than two parts'],
      [[a, b.subarray(1)], 'all parts must be the same length'],
      [[a.subarray(0, 1), b.subarray(0, 1)], 'parts must be at least two bytes'],
      [[a, zero], 'no valid coordinate'],
      [[a, twin], 'duplicate part detected'],
      [[a, a], 'duplicate part detected'],
    ] as const) {
      assert.throws(
        () => combine(shares),
        (error) => error instanceof CofferError && error.message.includes(reason),
      )
    }
  })

  it('makes nothing from a broken source of randomness', () => {
    const secret = new Uint8Array(32).fill(1)
    assert.throws(
      () =>
        split(secret, 5, 3, () => {
          throw new Error('no entropy')
        }),
      /no entropy/,
    )
    assert.throws(() => split(secret, 5, 3, (size) => new Uint8Array(size)), /only zeros/)
    assert.throws(() => split(secret, 5, 3, () => new Uint8Array(1)), /instead of/)
  })
})

function schoolbook(a: number, b: number): number {
  let product = 0
  for (let i = 0; i < 8; i++) if ((b >> i) & 1) product ^= a << i
  for (let i = 15; i >= 8; i--) if ((product >> i) & 1) product ^= 0x11b << (i - 8)
  return product
}
