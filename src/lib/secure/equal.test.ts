import assert from 'node:assert/strict'
import { it } from 'node:test'
import { secretsEqual } from './equal.ts'

it('tells equal secrets from others, of any length', () => {
  assert.ok(secretsEqual('hvs.abc', 'hvs.abc'))
  assert.ok(secretsEqual('', ''))
  assert.ok(secretsEqual('caf\u00e9', Buffer.from('caf\u00e9')))
  for (const other of ['hvs.abd', 'hvs.ab', 'hvs.abcd', '', 'HVS.abc']) assert.ok(!secretsEqual('hvs.abc', other))
})
