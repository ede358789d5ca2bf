import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { autoSeal, keyOf, roundTrip, staticSeal } from '../../../test/support/auto-seal.ts'
import { CofferError } from '../../errors/coffer-error.ts'
import { FakeClock } from '../../lib/clock.ts'
import type { KeyService } from './key-service.ts'
import { StaticService } from './static.ts'
import { decodeWrappedKey, encodeWrappedKey } from './wrapped-key.ts'

const never: KeyService = {
  type: 'never',
  encrypt: () => new Promise(() => undefined),
  decrypt: () => new Promise(() => undefined),
}

describe('a seal of a key service', () => {
  it('wraps a key, bound to where it stands', async () => {
    const { same, elsewhere } = await roundTrip(staticSeal('a', 1))
    assert.ok(same)
    assert.ok(elsewhere instanceof CofferError && elsewhere.code === 'SEAL_WRONG_KEY')
  })

  it('notices every bit that was changed, and what another seal wrapped', async () => {
    const seal = staticSeal('a', 1)
    using key = keyOf(7)
    const wrapped = await seal.wrap(key, 'core/root-key')
    for (let bit = 0; bit < wrapped.length * 8; bit++) {
      const changed = Uint8Array.from(wrapped)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await assert.rejects(seal.unwrap(changed, 'core/root-key'), CofferError)
    }
    await assert.rejects(staticSeal('b', 1).unwrap(wrapped, 'core/root-key'), { code: 'SEAL_UNAVAILABLE' })
    await assert.rejects(staticSeal('a', 2).unwrap(wrapped, 'core/root-key'), { code: 'SEAL_WRONG_KEY' })
    const other = autoSeal({ ...never, type: 'other' })
    await assert.rejects(other.unwrap(wrapped, 'core/root-key'), { code: 'SEAL_WRONG_KEY' })
  })

  it('reads what it cannot have written as corrupt', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decodeWrappedKey(bytes)
        } catch (error) {
          assert.ok(error instanceof CofferError && error.code === 'SEAL_CORRUPT')
        }
      }),
    )
    const parts = { type: 't', dataKey: { keyId: 'k', ciphertext: Buffer.from('c') }, envelope: Buffer.from('e') }
    assert.deepEqual(decodeWrappedKey(encodeWrappedKey(parts)), parts)
  })

  it('does not rely on a service that gives back another key than it was given', async () => {
    const forgetful: KeyService = {
      type: 'forgetful',
      encrypt: async () => ({ keyId: 'k', ciphertext: Buffer.from('nothing') }),
      decrypt: async () => new Uint8Array(32),
    }
    using key = keyOf(7)
    await assert.rejects(autoSeal(forgetful).wrap(key, 'core/root-key'), { code: 'SEAL_UNAVAILABLE' })
    const short = { ...forgetful, decrypt: async () => new Uint8Array(31) }
    await assert.rejects(autoSeal(short).wrap(key, 'core/root-key'), { code: 'SEAL_UNAVAILABLE' })
  })

  it('waits half a minute for a service, and no longer than the server runs', async () => {
    const clock = new FakeClock()
    using key = keyOf(7)
    const waiting = assert.rejects(autoSeal(never, clock).wrap(key, 'x'), (error: Error) => {
      assert.match(String(error.cause), /no answer in 30 seconds/)
      return true
    })
    await clock.advance(30_000)
    await waiting
    const seal = autoSeal(never, clock)
    const stopped = assert.rejects(seal.test(), { code: 'SEAL_UNAVAILABLE' })
    seal.close()
    await stopped
    assert.equal(clock.pending, 0)
  })

  it('shows nobody its key', async () => {
    const service = new StaticService({ id: 'a', open: () => keyOf(0x5a) }, undefined)
    const seal = autoSeal(service)
    await seal.test()
    for (const one of [seal, service]) assert.doesNotMatch(inspect(one, { depth: 9, showHidden: true }), /5a5a|90, 90/)
  })
})

describe('a static key', () => {
  it('follows another, and reads what that one encrypted', async () => {
    const before = staticSeal('a', 1)
    const after = autoSeal(new StaticService({ id: 'b', open: () => keyOf(2) }, { id: 'a', open: () => keyOf(1) }))
    using key = keyOf(7)
    const wrapped = await before.wrap(key, 'core/root-key')
    assert.equal(after.isOutdated(wrapped), false, 'nothing is known yet')
    await after.test()
    assert.equal(after.isOutdated(wrapped), true)
    using back = await after.unwrap(wrapped, 'core/root-key')
    assert.equal(after.isOutdated(await after.wrap(back, 'core/root-key')), false)
  })
})
