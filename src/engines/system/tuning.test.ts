import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFields } from '#framework'
import { RawJson } from '../../lib/json/index.ts'
import { noTuning } from '../../request/mount.ts'
import { assertWithinSystem, configFields, tuningOf } from './tuning.ts'

function parse(members: Readonly<Record<string, unknown>>) {
  const input = new Map(Object.entries(members).map(([name, value]) => [name, new RawJson(JSON.stringify(value))]))
  return parseFields(configFields, input)
}

const kv = { kind: 'secret', type: 'kv' } as const
const userpass = { kind: 'auth', type: 'userpass' } as const
const code = (expected: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === expected

test('only what is given changes', () => {
  assert.deepEqual(tuningOf(parse({}), kv), {})
  assert.deepEqual(tuningOf(parse({ default_lease_ttl: '', max_lease_ttl: null }), kv), {})
  assert.deepEqual(tuningOf(parse({ audit_non_hmac_request_keys: '' }), kv), { auditNonHmacRequestKeys: [] })
})

test("TTLs are seconds, durations, or the system's", () => {
  for (const [given, seconds] of [
    [90, 90],
    ['90', 90],
    ['1h30m', 5400],
    ['2d', 172_800],
    ['system', 0],
    [0, 0],
  ] as const) {
    assert.deepEqual(tuningOf(parse({ max_lease_ttl: given }), kv), { maxLeaseTtl: seconds }, String(given))
  }
  for (const given of ['-1h', -1, 'soon', '1 h', [], '1e3']) {
    assert.throws(() => parse({ max_lease_ttl: given }), code('REQUEST_FIELD'), String(given))
  }
})

test("a default above the system's maximum needs a maximum of its own", () => {
  const system = { defaultTtl: 100, maxTtl: 1000 }
  assert.throws(() => assertWithinSystem({ defaultLeaseTtl: 1001 }, system), code('MOUNT_TTL_SYSTEM'))
  assertWithinSystem({ defaultLeaseTtl: 1000 }, system)
  assertWithinSystem({ defaultLeaseTtl: 1001, maxLeaseTtl: 2000 }, system)
})

test('kinds of tokens are for auth methods, and not for the token store', () => {
  const given = parse({ token_type: 'batch' })
  assert.deepEqual(tuningOf(given, userpass), { tokenType: 'batch' })
  assert.throws(() => tuningOf(given, kv), code('SYSTEM_TOKEN_TYPE_AUTH_ONLY'))
  assert.throws(() => tuningOf(given, { kind: 'auth', type: 'token' }), code('SYSTEM_TOKEN_TYPE_FIXED'))
  assert.throws(() => parse({ token_type: 'default' }), code('REQUEST_FIELD'))
})

test('a lockout keeps what it is not told to change', () => {
  const first = tuningOf(parse({ user_lockout_config: { lockout_threshold: '3', lockout_duration: '10m' } }), userpass)
  assert.deepEqual(first.userLockout, { threshold: 3, duration: 600, counterReset: 0, disable: false })
  const before = { ...noTuning, ...first }
  const second = tuningOf(parse({ user_lockout_config: { lockout_disable: true } }), userpass, before)
  assert.deepEqual(second.userLockout, { threshold: 3, duration: 600, counterReset: 0, disable: true })
  assert.throws(() => parse({ user_lockout_config: { lockout_threshold: -1 } }), code('REQUEST_FIELD'))
  assert.throws(() => tuningOf(parse({ user_lockout_config: {} }), kv), code('SYSTEM_NO_LOCKOUT'))
})
