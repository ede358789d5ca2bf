import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { grantTtl } from './ttl.ts'

const limits = { defaultTtl: 2_764_800, maxTtl: 2_764_800 }
const at = 1_800_000_000_000

test('what is asked for, what the engine says, the default: in this order', () => {
  assert.equal(grantTtl({ increment: 5, ttl: 7, issuedAt: at }, limits, at)?.ttl, 5)
  assert.equal(grantTtl({ ttl: 7, issuedAt: at }, limits, at)?.ttl, 7)
  assert.equal(grantTtl({ issuedAt: at }, limits, at)?.ttl, 2_764_800)
})

test('the smallest maximum caps, with the documented warning', () => {
  const grant = grantTtl({ ttl: 10_800, maxTtl: 7200, explicitMaxTtl: 5400, issuedAt: at }, limits, at)
  assert.equal(grant?.ttl, 5400)
  assert.deepEqual(grant?.warnings, [
    'TTL of "3h" exceeded the effective max_ttl of "1h30m"; TTL value is capped accordingly',
  ])
})

test('a period is capped by the maximum but goes on for ever', () => {
  const grant = grantTtl({ period: 3_600_000, issuedAt: at }, limits, at + 86_400_000 * 365)
  assert.equal(grant?.ttl, 2_764_800)
  assert.deepEqual(grant?.warnings, [
    'period of "1000h" exceeded the effective max_ttl of "768h"; period value is capped accordingly',
  ])
})

test('an explicit maximum ends a period', () => {
  assert.equal(grantTtl({ period: 3600, explicitMaxTtl: 5400, issuedAt: at }, limits, at + 3_600_000)?.ttl, 1800)
  assert.equal(grantTtl({ period: 3600, explicitMaxTtl: 5400, issuedAt: at }, limits, at + 5_400_000), undefined)
})

test('no grant is ever zero, endless or past the maximum', () => {
  const seconds = fc.integer({ min: 0, max: 100_000 })
  fc.assert(
    fc.property(
      seconds,
      seconds,
      seconds,
      seconds,
      fc.integer({ min: 0, max: 200_000_000 }),
      (increment, ttl, maxTtl, explicitMaxTtl, later) => {
        const now = at + later
        const grant = grantTtl(
          { increment, ttl, maxTtl, explicitMaxTtl, issuedAt: at },
          { defaultTtl: 3600, maxTtl: 86_400 },
          now,
        )
        if (grant === undefined) return
        const max = Math.min(86_400, maxTtl || Infinity, explicitMaxTtl || Infinity)
        assert.ok(grant.ttl >= 1 && Number.isSafeInteger(grant.ttl))
        assert.ok(grant.expiresAt > now && grant.expiresAt <= at + max * 1000)
      },
    ),
  )
})
