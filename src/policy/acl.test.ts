import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RawJson } from '../lib/json/index.ts'
import type { AclOperation, ParameterValue } from './index.ts'
import {
  compileAcl,
  controlGroupPolicy,
  defaultPolicyText,
  parsePolicy,
  responseWrappingPolicy,
  rootPolicy,
} from './index.ts'

const ROOT = { id: 'root', path: '' }
const acl = (...texts: readonly string[]) => compileAcl(texts.map((text, i) => parsePolicy(`p${i}`, text)))
const rule = (path: string, ...capabilities: readonly string[]): string =>
  `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }\n`
const ALL = ['create', 'read', 'update', 'patch', 'delete', 'list', 'scan']

describe('Acl.check', () => {
  it('names who granted, and which rule', () => {
    const decision = acl(rule('a', 'read'), rule('a', 'read', 'update'), rule('a', 'delete')).check({
      operation: 'read',
      path: 'a',
    })
    assert.deepEqual(
      decision.grantingPolicies.map((policy) => policy.name),
      ['p0', 'p1'],
    )
    assert.equal(decision.rule, 'a')
    assert.equal(decision.reason, undefined)
  })

  it('gives a reason for the log', () => {
    const rules = acl(
      rule('a', 'read'),
      rule('b', 'deny'),
      'path "c" { capabilities = ["update"] denied_parameters = { "x" = [] } }',
    )
    const reason = (operation: AclOperation, path: string) =>
      rules.check({ operation, path, parameters: [['x', 'secret value']] }).reason
    assert.equal(reason('read', 'z'), 'no rule matches')
    assert.equal(reason('update', 'a'), 'the rule lacks the capability update')
    assert.equal(reason('read', 'b'), 'an explicit deny')
    assert.equal(reason('update', 'c'), 'denied_parameters: "x"')
  })

  it('always allows help', () => {
    assert.equal(acl().check({ operation: 'help', path: 'a' }).allowed, true)
  })

  it('knows subscribe and recover', () => {
    const rules = acl(
      'path "sys/events/subscribe/*" { capabilities = ["read", "subscribe"] subscribe_event_types = ["kv*"] }' +
        rule('a', 'recover'),
    )
    assert.equal(rules.check({ operation: 'subscribe', path: 'sys/events/subscribe/kv' }).allowed, true)
    assert.equal(rules.check({ operation: 'recover', path: 'a' }).allowed, true)
    assert.equal(rules.check({ operation: 'subscribe', path: 'a' }).allowed, false)
    assert.deepEqual(rules.capabilities('a'), ['recover'])
  })

  it('lets root do everything in its namespace and below, and nowhere else', () => {
    const root = compileAcl([rootPolicy(ROOT)])
    const decision = root.check({ operation: 'delete', path: 'sys/raw/x', namespace: { id: 'n', path: 'a/' } })
    assert.deepEqual([decision.allowed, decision.isRoot, decision.sudo], [true, true, true])
    assert.deepEqual(root.capabilities('x'), ['root'])
    const child = compileAcl([rootPolicy({ id: 'n', path: 'a/' })])
    assert.equal(child.check({ operation: 'read', path: 'x', namespace: { id: 'm', path: 'a/b/' } }).allowed, true)
    assert.equal(child.check({ operation: 'read', path: 'x' }).allowed, false)
    assert.equal(child.check({ operation: 'help', path: 'x' }).allowed, false)
    assert.deepEqual(child.capabilities('x'), ['deny'])
  })

  it('refuses root beside other policies', () => {
    assert.throws(() => compileAcl([rootPolicy(ROOT), parsePolicy('a', '')]), { code: 'POLICY_ROOT_NOT_ALONE' })
  })

  it('never lets a wildcard stand for a namespace made later', () => {
    const parent = acl(
      rule('+/secret/*', 'read') + rule('a*', 'read') + rule('b/+/x', 'read') + rule('c/secret/*', 'read'),
    )
    const read = (path: string, namespace: string) =>
      parent.check({ operation: 'read', path, namespace: { id: namespace, path: namespace } }).allowed
    assert.equal(read('secret/x', 'a/'), false)
    assert.equal(read('x', 'b/k/'), false)
    assert.equal(read('k/x', 'b/'), true)
    assert.equal(read('secret/x', 'c/'), true)
    assert.equal(parent.check({ operation: 'read', path: 'a/secret/x' }).allowed, true)
    assert.equal(
      acl(rule('*', 'read')).check({ operation: 'read', path: 'x', namespace: { id: 'n', path: 'n/' } }).allowed,
      true,
    )
    const denied = acl(rule('*', 'read') + rule('+/secret/x', 'deny'))
    assert.equal(
      denied.check({ operation: 'read', path: 'secret/x', namespace: { id: 'n', path: 'n/' } }).allowed,
      false,
    )
  })

  it('reads the rules of a namespace below its path', () => {
    const child = compileAcl([parsePolicy('p', rule('secret/*', 'read'), { id: 'n', path: 'a/' })])
    assert.equal(child.check({ operation: 'read', path: 'secret/x', namespace: { id: 'n', path: 'a/' } }).allowed, true)
    assert.equal(child.check({ operation: 'read', path: 'secret/x' }).allowed, false)
  })

  it('drops rules as they expire, and says when the next will', () => {
    const policy = parsePolicy(
      'p',
      'path "a" { capabilities = ["read"] expiration = "2026-01-02T00:00:00+01:00" }\npath "b" { capabilities = ["read"] expiration = "1800000000" }',
    )
    const at = (now: number) => compileAcl([policy], { now })
    const first = Date.parse('2026-01-01T23:00:00Z')
    assert.equal(at(first - 1).validUntil, first)
    assert.equal(at(first - 1).check({ operation: 'read', path: 'a' }).allowed, true)
    assert.equal(at(first).check({ operation: 'read', path: 'a' }).allowed, false)
    assert.equal(at(first).validUntil, 1_800_000_000_000)
    assert.equal(at(1_800_000_000_000).validUntil, undefined)
  })

  it('holds back what a control group or MFA has to let through', () => {
    const held =
      acl(`path "a" { capabilities = ["read", "update"] control_group = { factor "ops" { controlled_capabilities = ["read"]
      identity { group_names = ["managers"] approvals = 2 } } } }\npath "b" { capabilities = ["read"] mfa_methods = ["duo"] }`)
    const decision = held.check({ operation: 'read', path: 'a' })
    assert.equal(decision.allowed, false)
    assert.equal(decision.controlGroups[0]?.factors[0]?.approvals, 2)
    assert.equal(held.check({ operation: 'read', path: 'a', controlGroupAuthorized: true }).allowed, true)
    assert.equal(held.check({ operation: 'update', path: 'a' }).allowed, true)
    assert.deepEqual(held.check({ operation: 'read', path: 'b' }).mfaMethods, ['duo'])
    assert.equal(held.check({ operation: 'read', path: 'b' }).allowed, false)
    assert.equal(held.check({ operation: 'read', path: 'b', mfaValidated: true }).allowed, true)
  })
})

describe('an explicit deny', () => {
  const rules = acl(
    rule('auth/userpass/users/*', ...ALL) +
      rule('auth/userpass/users/admin', 'deny') +
      rule('secret/data/*', ...ALL) +
      rule('secret/data/Example/*', 'deny') +
      rule('secret/+/q/*', 'deny') +
      rule('secret/data/EXAMPLE/granted', 'read'),
  )
  for (const path of [
    'auth/userpass/users/admin',
    'auth/userpass/users/ADMIN',
    'auth/userpass/users/Admin',
    'auth/userpass/users/admin ',
    'auth/userpass/users/ａｄｍｉｎ',
    'secret/data/example/x',
    'secret/data/EXAMPLE/x',
  ]) {
    it(`keeps out ${path}`, () => assert.equal(rules.check({ operation: 'update', path }).allowed, false))
  }

  it('leaves other names alone, and yields to a nearer rule in any spelling', () => {
    assert.equal(rules.check({ operation: 'update', path: 'auth/userpass/users/administrator' }).allowed, true)
    assert.equal(rules.check({ operation: 'read', path: 'secret/data/EXAMPLE/granted' }).allowed, true)
    assert.equal(rules.check({ operation: 'update', path: 'secret/data/Q/x' }).allowed, true)
  })

  it('wins over the same pattern in another spelling', () => {
    const twice = acl(rule('s/+/A*', 'read') + rule('s/+/a*', 'deny') + rule('s/+/a', 'read'))
    assert.equal(twice.check({ operation: 'read', path: 's/x/Ab' }).allowed, false)
    assert.equal(twice.check({ operation: 'read', path: 's/x/a' }).allowed, true)
  })

  it('is found by every form of listing', () => {
    const lists = acl(
      rule('foo/metadata/*', 'list', 'scan') +
        rule('foo/metadata/private/*', 'deny') +
        rule('foo/metadata/private/granted/*', 'list'),
    )
    const allowed = (operation: AclOperation, path: string) => lists.check({ operation, path }).allowed
    for (const operation of ['list', 'scan'] as const) {
      assert.equal(allowed(operation, 'foo/metadata/private/'), false)
      assert.equal(allowed(operation, 'foo/metadata/PRIVATE/'), false)
      assert.equal(allowed(operation, 'foo/'), false)
      assert.equal(allowed(operation, 'foo/metadata/test/'), true)
    }
    assert.equal(allowed('list', 'foo/metadata/private/granted/'), true)
  })
})

describe('denied_parameters', () => {
  const rules = acl(
    'path "p" { capabilities = ["update"] denied_parameters = { "policies" = ["*admin*", 5, [1, 2]] "star" = ["*"] } }',
  )
  const allowed = (name: string, value: ParameterValue) =>
    rules.check({
      operation: 'update',
      path: 'p',
      parameters: [
        ['ok', 'x'],
        [name, value],
      ],
    }).allowed
  const json = (text: string) => new RawJson(text)
  const kept: readonly (readonly [string, ParameterValue])[] = [
    ['policies', 'admin'],
    ['policies', json('"admin"')],
    ['policies', json('["x", "ADMIN"]')],
    ['policies', json('[["x", ["my-admin"]]]')],
    ['policies', 'x,admin'],
    ['policies', json('"x, Admin "')],
    ['Policies', 'admin'],
    ['POLICIES', json('["admin"]')],
    ['policies', json('{"a": "admin"}')],
    ['policies', json('5')],
    ['policies', json('5.0')],
    ['policies', '5'],
    ['policies', json('"5"')],
    ['policies', json('[1, 2]')],
    ['policies', json('"\\u0061dmin"')],
    ['policies', json('"ａｄｍｉｎ"')],
    ['star', 'anything'],
    ['star', json('{}')],
  ]
  for (const [name, value] of kept) {
    it(`keeps out ${name} = ${typeof value === 'string' ? value : value.text}`, () =>
      assert.equal(allowed(name, value), false))
  }

  it('lets others through', () => {
    assert.equal(allowed('policies', json('["x", "y"]')), true)
    assert.equal(allowed('policies', json('[2, 1]')), true)
    assert.equal(allowed('policy', 'admin'), true)
  })

  it('looks at a name each time it comes: in the query and in the body', () => {
    const twice = (parameters: Iterable<readonly [string, ParameterValue]>) =>
      rules.check({ operation: 'update', path: 'p', parameters }).allowed
    assert.equal(
      twice([
        ['policies', json('["x"]')],
        ['policies', 'admin'],
      ]),
      false,
    )
    assert.equal(
      twice([
        ['policies', 'admin'],
        ['policies', json('["x"]')],
      ]),
      false,
    )
    assert.equal(twice(new Map([['policies', 'x']])), true)
  })
})

describe('allowed_parameters', () => {
  const rules = acl(
    'path "p" { capabilities = ["update"] allowed_parameters = { "policies" = ["app-*", "dev", "a,b", true, 9007199254740993, [1, {"k" = "v"}]] } }',
  )
  const allowed = (value: ParameterValue) =>
    rules.check({ operation: 'update', path: 'p', parameters: [['policies', value]] }).allowed
  const json = (text: string) => new RawJson(text)
  const rows: readonly (readonly [ParameterValue, boolean])[] = [
    ['dev', true],
    ['app-1', true],
    [json('["dev", "app-1"]'), true],
    [json('["dev", "admin"]'), false],
    [json('[]'), false],
    [json('[["dev"]]'), true],
    ['app-1,admin', false],
    ['app-1, dev', true],
    ['a,b', true],
    ['dev,admin', false],
    ['Dev', false],
    [json('true'), true],
    [json('"true"'), true],
    [json('9007199254740993'), true],
    [json('9007199254740992'), false],
    [json('[1,{"k":"v"}]'), true],
    [json('[{"k":"v"}]'), false],
    [json('{"k":"v"}'), false],
    [json('null'), false],
    [json('{"__proto__":"dev"}'), false],
  ]
  for (const [value, expected] of rows) {
    it(`${expected ? 'takes' : 'refuses'} ${typeof value === 'string' ? value : value.text}`, () =>
      assert.equal(allowed(value), expected))
  }
})

describe('a limit of pages', () => {
  it('goes with the decision, and holds each limit that is sent', () => {
    const rules = acl(
      'path "p/" { capabilities = ["list"] pagination_limit = 10 }',
      'path "p/" { capabilities = ["list"] pagination_limit = "20" }',
    )
    const list = (...limits: readonly ParameterValue[]) =>
      rules.check({ operation: 'list', path: 'p/', parameters: limits.map((limit) => ['limit', limit] as const) })
    assert.equal(list().paginationLimit, 10)
    assert.equal(list('5', '999').allowed, false)
    assert.equal(list(new RawJson('5')).allowed, true)
    assert.equal(list(new RawJson('[5]')).allowed, false)
    assert.equal(list(new RawJson('"max"')).allowed, true)
  })
})

describe('the built-in policies', () => {
  it('let a token see to itself, and its entity to itself', () => {
    const template = { entity: { id: 'e1', name: 'bob', metadata: new Map(), aliases: [] }, groups: [] }
    const rules = compileAcl([parsePolicy('default', defaultPolicyText)], { template })
    const granted: readonly (readonly [AclOperation, string])[] = [
      ['read', 'auth/token/lookup-self'],
      ['update', 'auth/token/renew-self'],
      ['update', 'auth/token/revoke-self'],
      ['update', 'sys/capabilities-self'],
      ['read', 'sys/internal/ui/resultant-acl'],
      ['read', 'identity/entity/id/e1'],
      ['read', 'identity/entity/name/bob'],
      ['update', 'sys/renew'],
      ['update', 'sys/leases/renew'],
      ['update', 'sys/leases/lookup'],
      ['create', 'cubbyhole/a/b'],
      ['list', 'cubbyhole/'],
      ['update', 'sys/wrapping/wrap'],
      ['update', 'sys/wrapping/lookup'],
      ['update', 'sys/wrapping/unwrap'],
      ['update', 'sys/tools/hash'],
      ['update', 'sys/tools/hash/sha2-256'],
      ['update', 'sys/control-group/request'],
      ['read', 'identity/oidc/provider/p/authorize'],
      ['update', 'identity/oidc/provider/p/authorize'],
    ]
    for (const [operation, path] of granted)
      assert.equal(rules.check({ operation, path }).allowed, true, `${operation} ${path}`)
    for (const path of [
      'secret/data/a',
      'identity/entity/id/e2',
      'auth/token/lookup',
      'sys/mounts',
      'sys/tools/random',
    ]) {
      assert.deepEqual(rules.capabilities(path), ['deny'], path)
    }
  })

  it('let a wrapping token be unwrapped and nothing else', () => {
    const rules = compileAcl([responseWrappingPolicy(ROOT)])
    assert.deepEqual(rules.capabilities('cubbyhole/response'), ['create', 'read'])
    assert.deepEqual(rules.capabilities('sys/wrapping/unwrap'), ['update'])
    assert.deepEqual(rules.capabilities('auth/token/lookup-self'), ['deny'])
    assert.deepEqual(compileAcl([controlGroupPolicy(ROOT)]).capabilities('cubbyhole/control-group'), [
      'create',
      'read',
      'update',
    ])
  })
})
