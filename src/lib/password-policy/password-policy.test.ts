import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { defaultPasswordPolicy, generatePassword, parsePasswordPolicy, PasswordPolicyError } from './index.ts'

test('HCL and JSON alike', () => {
  const hcl = parsePasswordPolicy(
    'length = 8\nrule "charset" {\n charset = "abc"\n min-chars = 1\n}\nrule "charset" { charset = "1" }',
  )
  const json = parsePasswordPolicy(
    '{"length":8,"rule":[{"charset":[{"charset":"abc","min-chars":1}]},{"charset":{"charset":"1"}}]}',
  )
  assert.deepEqual(hcl, json)
  assert.deepEqual(hcl.characters, ['a', 'b', 'c', '1'])
})

suite('what is no policy', () => {
  const charset = 'rule "charset" { charset = "abc" }'
  const cases: readonly (readonly [text: string, message: string | RegExp])[] = [
    ['asdf', /^invalid password policy: unable to decode: At 1:/],
    ['', /length must be > 0\n\t\* no charset specified/],
    ['length = 20', 'invalid password policy: 1 error occurred:\n\t* no charset specified\n\n'],
    [`length = 2\n${charset}`, 'passwords must be between 4 and 100 characters'],
    [`length = 101\n${charset}`, 'passwords must be between 4 and 100 characters'],
    [`length = -2\n${charset}`, 'invalid password policy: 1 error occurred:\n\t* length must be > 0\n\n'],
    [
      'length = 8\nrule "foo" { charset = "abc" }',
      'invalid password policy: unable to parse rules: unable to parse rule foo: unrecognized rule type foo',
    ],
    [
      'length = 8\nrule "charset" { charset = "abc"\n min-chars = 9 }',
      'invalid password policy: 1 error occurred:\n\t* specified rules require at least 9 characters but 8 is specified\n\n',
    ],
    ['length = 8\nrule "charset" { charset = "a\\tc" }', /non-printable character in charset/],
    ['length = 8\nrule "charset" { charset = 7 }', /'charset' expected type 'string'/],
    [`length = "8"\n${charset}`, /'length' expected type 'int'/],
    [`length = 8.5\n${charset}`, /'length' expected type 'int'/],
    ['length = 8\nrule = "x"', /rule is empty/],
    [`length = 8\n${charset}\nrule "charset" { charset = ""\n min-chars = 1 }`, /demands characters and names none/],
    [
      `length = 8\nrule "charset" { charset = "${[...Array(300).keys()].map((i) => String.fromCodePoint(0x4e00 + i)).join('')}" }`,
      /charset is too long/,
    ],
  ]
  for (const [text, message] of cases)
    test(text.slice(0, 50), () =>
      assert.throws(
        () => parsePasswordPolicy(text),
        (error) =>
          error instanceof PasswordPolicyError &&
          (typeof message === 'string' ? error.message === message : message.test(error.message)),
      ),
    )
})

test('a password has its length and what its rules demand', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.constantFrom('abcdef', 'ABC', '0123456789', '!"\'\\$;', 'é漢😀'), fc.integer({ min: 0, max: 5 })),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
      fc.integer({ min: 25, max: 100 }),
      (rules, length) => {
        const text = JSON.stringify({
          length,
          rule: rules.map(([charset, min]) => ({ charset: [{ charset, 'min-chars': min }] })),
        })
        const policy = parsePasswordPolicy(text)
        const characters = [...generatePassword(policy)]
        assert.equal(characters.length, length)
        for (const character of characters) assert.ok(policy.characters.includes(character))
        for (const rule of policy.rules)
          assert.ok(characters.filter((c) => rule.characters.includes(c)).length >= rule.minChars)
      },
    ),
  )
})

test('every character is as likely as the others, wherever it stands', () => {
  const policy = parsePasswordPolicy('length = 100\nrule "charset" { charset = "abcdefg" }')
  const counts = new Map<string, number>()
  for (let i = 0; i < 700; i++) for (const c of generatePassword(policy)) counts.set(c, (counts.get(c) ?? 0) + 1)
  // 70,000 draws: 10,000 each, and one in 10^9 is further off than six standard deviations (555).
  for (const [character, count] of counts) assert.ok(Math.abs(count - 10_000) < 560, `${character}: ${count}`)
  const demanding = parsePasswordPolicy(
    'length = 4\nrule "charset" { charset = "a"\n min-chars = 1 }\nrule "charset" { charset = "bcd" }',
  )
  const first = [...Array(4000).keys()].filter(() => generatePassword(demanding).startsWith('a')).length
  // Its own place a quarter of the time, and else one of four characters: 1/4 + 3/4 × 1/4.
  assert.ok(Math.abs(first - 1750) < 190, String(first))
})

test('without a policy: 20 characters of four kinds', () => {
  const password = generatePassword(defaultPasswordPolicy)
  assert.match(password, /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*-)[\w-]{20}$/)
  assert.notEqual(password, generatePassword(defaultPasswordPolicy))
})
