import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CofferError } from '../errors/coffer-error.ts'
import { canonicalPolicyName, formatPolicy, parsePolicy } from './index.ts'

function problems(text: string): readonly string[] {
  try {
    parsePolicy('p', text)
  } catch (error) {
    assert.ok(error instanceof CofferError)
    assert.equal(error.code, 'POLICY_PARSE')
    assert.equal(error.status, 400)
    return error.messages
  }
  return []
}

const rows: readonly (readonly [text: string, ...sentences: readonly RegExp[]])[] = [
  [
    'path "a" { capabilities = ["foo"] }',
    /^failed to parse policy: path "a": invalid capability "foo" on line 1, column 28/,
  ],
  ['path "a" { capabilities = "read" }', /path "a": invalid capabilities on line 1, column 27: it takes a list/],
  ['path "a" { capabilities = [1] }', /invalid capability on line 1/],
  [
    'path "a" { capabilites = ["read"]\n bar = 1 }',
    /path "a": invalid key "capabilites" on line 1/,
    /^path "a": invalid key "bar" on line 2, column 2/,
  ],
  ['foo = 1\npath "a" {}', /^failed to parse policy: invalid key "foo" on line 1/],
  ['path "a" {', /^failed to parse policy: At 1:11: expected '\}'/],
  ['path "a" { policy = "x" }', /path "a": invalid policy "x"/],
  ['path "a/+*" { policy = "read" }', /path "a\/\+\*": invalid use of wildcards \('\+\*' is forbidden\)/],
  ['path "a/{{identity" { policy = "read" }', /failed to validate policy templating: unbalanced templating characters/],
  ['path "a/}}{{x" { policy = "read" }', /unbalanced/],
  ['path "a" { min_wrapping_ttl = "x" }', /error parsing min_wrapping_ttl/],
  ['path "a" { max_wrapping_ttl = "-1s" }', /error parsing max_wrapping_ttl/],
  [
    'path "a" {\n min_wrapping_ttl = "10s"\n max_wrapping_ttl = 5 }',
    /max_wrapping_ttl cannot be less than min_wrapping_ttl/,
  ],
  ['path "a" { expiration = "tomorrow" }', /path "a": invalid expiration time/],
  ['path "a" { pagination_limit = "x" }', /invalid pagination_limit/],
  ['path "a" { pagination_limit = -1 }', /invalid pagination_limit/],
  ['path "a" { allowed_parameters = { "a" = "b" } }', /invalid allowed_parameters: "a" .*: it takes a list of values/],
  ['path "a" { denied_parameters = [1] }', /invalid denied_parameters/],
  ['path "a" { required_parameters = "x" }', /invalid required_parameters/],
  ['path "a" { required_parameters = [true] }', /invalid element of required_parameters/],
  ['path "a" { comment = [] }', /invalid comment/],
  ['path "a" { mfa_methods = 1 }', /invalid mfa_methods/],
  ['path "a" { control_group = { } }', /invalid control_group .*at least one factor/],
  ['path "a" { control_group = { factor "f" { x = 1 } } }', /factor "f": invalid key "x"/],
  [
    'path "a" { capabilities = ["read"]\ncapabilities = ["list"] }',
    /The argument "capabilities" was already set on line 2/,
  ],
  ['path "a" { allowed_parameters = { "x" = []\n"x" = [] } }', /already set on line 2/],
  ['path = 1', /invalid path on line 1/],
  ['path { capabilities = ["read"] }', /invalid path/],
  ['path "a" "b" { capabilities = ["read"] }', /invalid path/],
  ['{"path":{"a":{"capabilities":["read"],"x":1}}}', /path "a": invalid key "x" on line 1, column 39/],
  ['{"path":"a"}', /invalid path/],
  ['{"path":{"a":null}}', /invalid path/],
  ['{"path":{"a":{"capabilities":["read"],"capabilities":["sudo"]}}}', /already set/],
  ['path "a" { capabilities "x" { } }', /invalid capabilities/],
]

describe('parsePolicy', () => {
  for (const [text, ...sentences] of rows) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const found = problems(text)
      assert.equal(found.length, sentences.length, found.join('\n'))
      sentences.forEach((sentence, i) => assert.match(found[i] ?? '', sentence))
    })
  }

  it('names at most twenty problems', () => {
    const found = problems(Array.from({ length: 50 }, (_, i) => `k${i} = 1\n`).join(''))
    assert.equal(found.length, 21)
    assert.equal(found.at(-1), 'and 30 more problems')
  })

  it('reads every key', () => {
    const { rules } = parsePolicy(
      'p',
      `name = "p"
      path "/a/*" {
        comment = "c"
        policy = "read"
        capabilities = ["create", "sudo"]
        allowed_parameters { "Foo" = ["a", 1] }
        allowed_parameters { "bar" = [] }
        denied_parameters = { "*" = [] }
        required_parameters = ["X"]
        min_wrapping_ttl = "1m"
        max_wrapping_ttl = 7200
        pagination_limit = "10"
        mfa_methods = ["m"]
        subscribe_event_types = ["*"]
        expiration = "2027-01-02T03:04:05.5Z"
        control_group = { ttl = "4h" max_ttl = 28800 factor "f" { identity { group_names = ["g"] group_ids = ["i"] approvals = 1 } controlled_capabilities = ["create"] } }
      }`,
    )
    const [rule] = rules
    assert.equal(rule?.path, 'a/*')
    assert.equal(rule.expiresAt, Date.UTC(2027, 0, 2, 3, 4, 5, 500))
    const { allowedParameters, requiredParameters, minWrappingTtl, maxWrappingTtl, paginationLimit, controlGroup } =
      rule.permissions
    assert.deepEqual(
      [...allowedParameters],
      [
        [
          'foo',
          [
            { kind: 'text', text: 'a' },
            { kind: 'text', text: '1' },
          ],
        ],
        ['bar', []],
      ],
    )
    assert.deepEqual([requiredParameters, minWrappingTtl, maxWrappingTtl, paginationLimit], [['x'], 60, 7200, 10])
    assert.deepEqual(controlGroup, {
      ttl: 14_400,
      maxTtl: 28_800,
      factors: [{ name: 'f', groupNames: ['g'], groupIds: ['i'], approvals: 1, controlledCapabilities: 2 }],
    })
  })

  it('takes an empty policy', () => assert.deepEqual(parsePolicy('p', '# nothing').rules, []))

  it('warns of globs and wildcards where they are none, and of templates without value', () => {
    const { warnings, templated } = parsePolicy(
      'p',
      'path "a/*/b" {}\npath "a/+b" {}\npath "a/{{identity.foo}}" {}\npath "a/{{identity.entity.id}}/*" {}',
    )
    assert.equal(warnings.length, 3)
    assert.equal(templated, true)
  })

  it('is frozen', () => {
    const policy = parsePolicy('p', 'path "a" { policy = "read" }')
    assert.ok(
      Object.isFrozen(policy) &&
        Object.isFrozen(policy.rules) &&
        Object.isFrozen(policy.rules[0]) &&
        Object.isFrozen(policy.rules[0]?.permissions),
    )
  })

  it('throws nothing but its own error on random text', () => {
    const piece = fc.constantFrom(
      'path',
      ' "a" ',
      ' "{{x}}*" ',
      '{',
      '}',
      'capabilities',
      '=',
      '[',
      ']',
      '"read"',
      ',',
      '\n',
      'control_group',
      'factor "f"',
      'allowed_parameters',
      '1',
      'policy',
      '"write"',
      '"path":',
      'null',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (parts) => {
        problems(parts.join(''))
        problems(`{${parts.join('')}}`)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('formatPolicy', () => {
  it('writes the canonical form of a good policy, and refuses a bad one', () => {
    assert.equal(formatPolicy('path   "a"{ capabilities=["read"]\n}'), 'path "a" {\n  capabilities = ["read"]\n}\n')
    assert.throws(() => formatPolicy('path "a" { capabilities = ["foo"] }'), { code: 'POLICY_PARSE' })
    assert.throws(() => formatPolicy('{"path":{}}'), { code: 'POLICY_PARSE' })
  })
})

describe('canonicalPolicyName', () => {
  it('gives all spellings of a name one form', () => {
    for (const name of ['root', 'Root', 'ROOT ', '\troot']) assert.equal(canonicalPolicyName(name), 'root')
    for (const name of ['team-a', 'a.b', '__proto__', 'constructor', 'a b', 'x:y@z'])
      assert.equal(canonicalPolicyName(name), name)
  })

  it('refuses paths, lists, globs, controls and what is beyond ASCII', () => {
    for (const name of [
      '',
      ' ',
      '../root',
      'ns1/../x',
      'a/b',
      'a\\b',
      'default,Root',
      'a\0',
      'ｒｏｏｔ',
      'roo\u212a',
      '.',
      '..',
      'a"b',
      'a*',
      'x'.repeat(300),
      '\u00a0root',
    ]) {
      assert.equal(canonicalPolicyName(name), undefined, JSON.stringify(name))
    }
  })
})
