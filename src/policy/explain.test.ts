import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RawJson } from '../lib/json/index.ts'
import type { IdentityFacts } from '../lib/identity-template.ts'
import { explain } from './explain.ts'
import { compileAcl, parsePolicy, rootPolicy, type AclRequest, type Policy } from './index.ts'

const ALICE: IdentityFacts = {
  entity: { id: 'id-alice', name: 'alice', metadata: new Map([['team', 'ab']]), aliases: [] },
  groups: [],
}
const NOW = Date.parse('2027-06-01T00:00:00Z')

function explained(policies: readonly Policy[], request: AclRequest, identity?: IdentityFacts) {
  const template = identity === undefined ? {} : { template: identity }
  const acl = compileAcl(policies, { ...template, now: NOW })
  return { acl, explanation: explain(acl, request, { policies, identity, now: NOW }) }
}

const OPERATIONS = ['create', 'read', 'update', 'patch', 'delete', 'list', 'scan'] as const
const segment = fc.constantFrom(
  'a',
  'b',
  'ab',
  'A',
  '+',
  '{{identity.entity.name}}',
  '{{identity.entity.metadata.team}}',
  '{{identity.entity.metadata.no}}',
)
const rulePath = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '', '/', '*', '/*'))
  .map(([parts, end]) => (parts.at(-1) === '+' && end === '*' ? `${parts.join('/')}/*` : parts.join('/') + end))
const extras = fc.constantFrom(
  '',
  '',
  '',
  'allowed_parameters = { "x" = ["1", "y*"] }',
  'denied_parameters = { "x" = [] }',
  'required_parameters = ["x"]',
  'min_wrapping_ttl = "10s"',
  'pagination_limit = 5',
  'expiration = "2027-01-01T00:00:00Z"',
  'expiration = "2028-01-01T00:00:00Z"',
)
const rule = fc
  .tuple(
    rulePath,
    fc.oneof({ weight: 4, arbitrary: fc.subarray([...OPERATIONS, 'sudo']) }, fc.constant(['deny'])),
    extras,
  )
  .map(
    ([path, capabilities, extra]) =>
      `path "${path}" {\n  capabilities = ${JSON.stringify(capabilities)}\n  ${extra}\n}`,
  )
const policies = fc
  .array(fc.array(rule, { maxLength: 5 }), { maxLength: 3 })
  .map((all) => all.map((rules, index) => parsePolicy(`p${index}`, rules.join('\n'))))
const request = fc.record({
  path: fc
    .tuple(
      fc.array(fc.constantFrom('a', 'b', 'ab', 'A', 'alice', 'c'), { minLength: 1, maxLength: 5 }),
      fc.constantFrom('', '', '/'),
    )
    .map(([parts, end]) => parts.join('/') + end),
  operation: fc.constantFrom(...OPERATIONS),
  parameters: fc.constantFrom<readonly (readonly [string, RawJson])[]>(
    [],
    [['x', new RawJson('1')]],
    [['y', new RawJson('"z"')]],
    [['limit', new RawJson('9')]],
  ),
  wrapTtl: fc.constantFrom(undefined, 5, 60),
})

describe('explain', () => {
  it('says what the ACL says, by a rule that the ACL decides by, of policies that have it', () => {
    fc.assert(
      fc.property(policies, request, fc.boolean(), (all, asked, isAlice) => {
        const { acl, explanation } = explained(all, asked, isAlice ? ALICE : undefined)
        const decision = acl.check(asked)
        assert.equal(explanation.allowed, decision.allowed)
        assert.equal(explanation.sudo, decision.sudo)
        assert.equal(explanation.deciding?.path, decision.rule)
        assert.deepEqual(
          explanation.granting,
          decision.grantingPolicies.map(({ name }) => name),
        )
        for (const { policy, line, path, capabilities } of explanation.deciding?.sources ?? []) {
          const there = all.find(({ name }) => name === policy)?.rules.find((one) => one.line === line)
          assert.equal(there?.path, path)
          assert.equal(capabilities.includes('deny') && explanation.allowed, false)
        }
        // Who grants has a rule among those that decided.
        const sources = new Set(explanation.deciding?.sources.map(({ policy }) => policy))
        for (const name of explanation.granting) assert.ok(sources.has(name))
        assert.equal(explanation.deciding === undefined, (explanation.deciding?.sources ?? []).length === 0)
      }),
      { numRuns: 5000 },
    )
  })

  it('leaves out no rule that takes the path, and no other decides when the first is gone', () => {
    fc.assert(
      fc.property(policies, request, (all, asked) => {
        const { explanation } = explained(all, asked, ALICE)
        const [next] = explanation.others
        if (explanation.deciding === undefined) return assert.deepEqual(explanation.others, [])
        // Without the rules that decided, the nearest of the others does.
        const gone = explanation.deciding.sources.map(({ policy, line }) => `${policy}:${line}`)
        const rest = all.map((policy) => ({
          ...policy,
          rules: policy.rules.filter((one) => !gone.includes(`${policy.name}:${one.line}`)),
        }))
        const then = explained(rest, asked, ALICE).explanation
        assert.equal(then.deciding === undefined, next === undefined)
        if (then.deciding !== undefined) assert.ok(explanation.others.some(({ path }) => path === then.deciding?.path))
      }),
      { numRuns: 5000 },
    )
  })

  const TEXT = `# What applications may read.
path "secret/data/*" {
  capabilities = ["read"]
}

path "secret/data/+/db" {
  capabilities = ["read", "update"]
  denied_parameters = {
    "admin" = []
  }
}

path "secret/data/hr/*" {
  capabilities = ["deny"]
}

path "secret/data/{{identity.entity.name}}/*" {
  capabilities = ["update"]
}

path "old/*" {
  capabilities = ["read"]
  expiration   = "2027-01-01T00:00:00Z"
}
`
  const policy = parsePolicy('apps', TEXT)

  it('names the line of the rule, and the rules further from the path', () => {
    const { explanation } = explained([policy], { operation: 'read', path: 'secret/data/web/db' })
    assert.equal(explanation.allowed, true)
    assert.equal(explanation.reason, 'the rule grants read')
    assert.deepEqual(explanation.deciding?.sources, [
      { policy: 'apps', line: 6, path: 'secret/data/+/db', capabilities: ['read', 'update'] },
    ])
    assert.deepEqual(
      explanation.others.map(({ path, sources }) => [path, sources[0]?.line]),
      [['secret/data/*', 2]],
    )
  })

  it('tells why not: a deny, a capability, a parameter, nothing at all', () => {
    const reason = (path: string, operation: 'read' | 'update' | 'delete', name = 'x') =>
      explained([policy], { operation, path, parameters: [[name, new RawJson('"secret value"')]] }).explanation.reason
    assert.equal(reason('secret/data/hr/db', 'read'), 'an explicit deny')
    assert.equal(reason('secret/data/web/other', 'delete'), 'the rule lacks the capability delete')
    assert.equal(reason('secret/data/web/db', 'update', 'admin'), 'denied_parameters: "admin"')
    assert.equal(reason('elsewhere', 'read'), 'no rule takes the path')
  })

  it('tells of rules that say nothing of the holder', () => {
    const asked = { operation: 'update', path: 'secret/data/alice/x' } as const
    const nobody = explained([policy], asked).explanation
    assert.equal(nobody.allowed, false)
    assert.deepEqual(
      nobody.unapplied.map(({ source, why }) => [source.line, why]),
      [
        [17, 'its template has no value for the holder'],
        [21, 'it has expired'],
      ],
    )
    const alice = explained([policy], asked, ALICE).explanation
    assert.equal(alice.allowed, true)
    assert.equal(alice.deciding?.path, 'secret/data/alice/*')
    assert.equal(alice.deciding?.sources[0]?.path, 'secret/data/{{identity.entity.name}}/*')
  })

  it('tells that root may do everything', () => {
    const { explanation } = explained([rootPolicy({ id: 'root', path: '' })], { operation: 'read', path: 'a' })
    assert.deepEqual(
      [explanation.allowed, explanation.root, explanation.reason],
      [true, true, 'the root policy allows everything'],
    )
  })
})
