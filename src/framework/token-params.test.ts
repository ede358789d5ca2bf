import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from '../../test/support/codes.ts'
import { changedTokenParams, grantBy, noTokenParams, samePolicies, shownTokenParams } from './token-params.ts'

const changed = (input: Parameters<typeof changedTokenParams>[1], old = noTokenParams) => changedTokenParams(old, input)

test('what is not given stays, what is given by either name counts, and the newer name counts more', () => {
  const first = changed({ token_ttl: 60, policies: ['B', 'a'], bound_cidrs: ['10.0.0.0/8'] })
  const then = changed({ token_max_ttl: 120, max_ttl: 90, num_uses: 3 }, first)
  assert.deepEqual(then, {
    ...noTokenParams,
    token_ttl: 60,
    token_policies: ['a', 'b'],
    token_bound_cidrs: ['10.0.0.0/8'],
    token_max_ttl: 120,
    token_num_uses: 3,
    older: ['bound_cidrs', 'max_ttl', 'num_uses', 'policies'],
  })
})

test('an older name is shown until the newer one is used, and only where there is something to show', () => {
  const older = changed({ ttl: 60, policies: ['a'], period: 0 })
  assert.deepEqual(
    Object.keys(shownTokenParams(older)).filter((name) => !name.startsWith('token_')),
    ['policies', 'ttl'],
  )
  const newer = changed({ token_ttl: 30 }, older)
  assert.deepEqual(
    Object.entries(shownTokenParams(newer)).filter(([name]) => !name.startsWith('token_')),
    [['policies', ['a']]],
  )
})

test('policies keep the order they were given in, each once and in one form', () => {
  assert.deepEqual(changed({ token_policies: [' B', 'a', 'b', ''] }).token_policies, ['b', 'a'])
  assert.deepEqual(changed({ token_policies: [] }, changed({ token_policies: ['a'] })).token_policies, [])
})

test('nobody is made root, however it is spelt', () => {
  for (const name of ['root', 'Root', ' ROOT', '\troot', 'ｒｏｏｔ', 'r\u2060oot']) {
    assert.match(
      codeOf(() => changed({ token_policies: ['default', name] })),
      /^TOKEN_PARAM_(ROOT|POLICY_NAME)$/,
      name,
    )
    assert.match(
      codeOf(() => changed({ policies: [name] })),
      /^TOKEN_PARAM_(ROOT|POLICY_NAME)$/,
      name,
    )
  }
})

test('what fits no token is refused', () => {
  assert.equal(
    codeOf(() => changed({ token_num_uses: -1 })),
    'TOKEN_PARAM_NEGATIVE_USES',
  )
  assert.equal(
    codeOf(() => changed({ token_type: 'default-service' })),
    'TOKEN_PARAM_TYPE',
  )
  assert.equal(
    codeOf(() => changed({ token_bound_cidrs: ['10.0.0.0/33'] })),
    'TOKEN_PARAM_CIDR',
  )
  assert.equal(
    codeOf(() => changed({ token_ttl: 2, token_max_ttl: 1 })),
    'TOKEN_PARAM_TTL_ORDER',
  )
  const batch = changed({ token_type: 'batch' })
  assert.equal(
    codeOf(() => changed({ token_period: 1 }, batch)),
    'TOKEN_PARAM_BATCH_PERIOD',
  )
  assert.equal(
    codeOf(() => changed({ token_num_uses: 1 }, batch)),
    'TOKEN_PARAM_BATCH_USES',
  )
})

test('by their older names a TTL above the maximum is taken, as Vault does: the log-in is cut to it', () => {
  assert.equal(changed({ ttl: 2, max_ttl: 1 }).token_ttl, 2)
})

test('a grant says all of it', () => {
  const params = changed({
    token_bound_cidrs: ['::1/128'],
    token_explicit_max_ttl: 4,
    token_max_ttl: 3,
    token_no_default_policy: true,
    token_num_uses: 5,
    token_period: 6,
    token_policies: ['a'],
    token_ttl: 2,
    token_type: 'service',
  })
  assert.deepEqual(grantBy(params), {
    policies: ['a'],
    noDefaultPolicy: true,
    type: 'service',
    renewable: true,
    boundCidrs: ['::1'],
    numUses: 5,
    ttl: 2,
    maxTtl: 3,
    period: 6,
    explicitMaxTtl: 4,
  })
})

test('policies are the same whatever their order, and "default" comes by itself', () => {
  assert.ok(samePolicies(['b', 'A'], ['a', 'default', 'b']))
  assert.ok(!samePolicies(['a'], ['a', 'b']))
  assert.ok(samePolicies([], ['default']))
})
