import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tokenPolicies, type PolicyWish } from './policies.ts'
import { newRole, type TokenRole } from './roles.ts'

const wish = (more: Partial<PolicyWish>): PolicyWish => ({
  wanted: [],
  noDefault: false,
  parent: ['default', 'p1'],
  sudo: false,
  foreign: false,
  role: undefined,
  ...more,
})
const role = (more: Partial<TokenRole>): TokenRole => ({ ...newRole, ...more })

test('nothing asked for: what the parent has', () => {
  assert.deepEqual(tokenPolicies(wish({})), ['default', 'p1'])
  assert.deepEqual(tokenPolicies(wish({ parent: ['p1'] })), ['p1'])
  assert.deepEqual(tokenPolicies(wish({ noDefault: true })), ['p1'])
})

test('what the parent lacks: only with sudo, however it is spelled', () => {
  for (const wanted of [['p2'], ['P2'], [' p2 '], ['p1', 'p2'], ['root'], ['Root'], ['ROOT '], ['\troot']]) {
    assert.throws(() => tokenPolicies(wish({ wanted })), { code: 'TOKEN_PATH_NOT_SUBSET' })
  }
  assert.throws(() => tokenPolicies(wish({ wanted: ['default'], parent: ['p1'] })), { code: 'TOKEN_PATH_NOT_SUBSET' })
  assert.deepEqual(tokenPolicies(wish({ wanted: ['p2'], sudo: true })), ['default', 'p2'])
})

test('names that stand for no policy, or look like root, are refused even with sudo', () => {
  for (const name of [
    'ｒｏｏｔ',
    'ro\u200bot',
    '../root',
    'a/b',
    'x\u0000',
    'x'.repeat(300),
    'response-wrapping',
    'control-group',
  ]) {
    assert.throws(() => tokenPolicies(wish({ wanted: [name], sudo: true })), { status: 400 }, JSON.stringify(name))
  }
})

test('a role with rules decides alone', () => {
  assert.deepEqual(tokenPolicies(wish({ role: role({ allowed_policies: ['a', 'b'] }) })), ['a', 'b', 'default'])
  assert.deepEqual(tokenPolicies(wish({ wanted: ['A'], role: role({ allowed_policies: ['a', 'b'] }) })), [
    'a',
    'default',
  ])
  assert.throws(() => tokenPolicies(wish({ wanted: ['c'], role: role({ allowed_policies: ['a'] }) })), {
    message:
      'token policies (["c" "default"]) must be subset of the role\'s allowed policies (["a" "default"]) or glob policies ([])',
  })
  assert.deepEqual(
    tokenPolicies(wish({ wanted: ['team-x'], role: role({ allowed_policies_glob: ['team-*'] }), noDefault: true })),
    ['team-x'],
  )
  assert.throws(() => tokenPolicies(wish({ wanted: ['sec-1'], role: role({ disallowed_policies_glob: ['sec-*'] }) })), {
    code: 'TOKEN_PATH_DISALLOWED',
  })
  assert.deepEqual(tokenPolicies(wish({ role: role({ disallowed_policies: ['x'], token_no_default_policy: true }) })), [
    'default',
    'p1',
  ])
})

test('a role without rules changes nothing', () => {
  assert.throws(() => tokenPolicies(wish({ wanted: ['p2'], role: role({}) })), { code: 'TOKEN_PATH_NOT_SUBSET' })
})

test('without sudo and role a child never has what its parent lacks', () => {
  const name = fc.constantFrom('a', 'B', ' c', 'default', 'root', 'Root ', 'p1')
  fc.assert(
    fc.property(fc.array(name), fc.array(name), fc.boolean(), (wanted, parent, noDefault) => {
      let got: string[]
      try {
        got = tokenPolicies(wish({ wanted, parent, noDefault }))
      } catch {
        return
      }
      const has = new Set(parent.map((one) => one.trim().toLowerCase()))
      assert.ok(
        got.every((one) => has.has(one)),
        `${got.join()} of ${parent.join()}`,
      )
    }),
  )
})
