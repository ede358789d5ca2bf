import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainLockout } from '../request/lockout-ports.ts'
import { lockoutSettings, withEnvironment } from './lockout-settings.ts'

const unsaid = {
  lockoutThreshold: undefined,
  lockoutDuration: undefined,
  lockoutCounterReset: undefined,
  disableLockout: undefined,
}

test('a stanza says what it says, and leaves open what it does not', () => {
  const { byType, disabled } = lockoutSettings([
    { type: 'all', ...unsaid, lockoutThreshold: 3, disableLockout: false },
    { type: 'userpass', ...unsaid, lockoutDuration: 60, lockoutCounterReset: 30 },
  ])
  assert.deepEqual(byType.get('all'), { threshold: 3, disable: false })
  assert.deepEqual(byType.get('userpass'), { duration: 60, counterReset: 30 })
  assert.equal(disabled, undefined)
})

test('the environment turns it off or on, and nothing that is unclear is taken for either', () => {
  const by = (text: string | undefined) =>
    withEnvironment(plainLockout, (name) => (name === 'VAULT_DISABLE_USER_LOCKOUT' ? text : 'unasked')).disabled
  assert.deepEqual(['true', '1', 'T', 'false', '0', undefined].map(by), [true, true, true, false, false, undefined])
  for (const text of ['yes', 'off', 'truely']) assert.throws(() => by(text), /takes true or false/)
})
