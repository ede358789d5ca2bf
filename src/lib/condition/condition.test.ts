import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ExpressionError, parseCondition, type Value } from './expression.ts'
import { compilePattern, PatternError } from './pattern.ts'

const VALUES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['mount_type', 'kv'],
  ['path', 'secret/data/app'],
  ['operation', 'read'],
  ['namespace', ''],
  ['/auth/policies', ['default', 'root']],
])

const decided: readonly (readonly [string, boolean])[] = [
  ['mount_type == kv', true],
  ['mount_type == "kv"', true],
  ['mount_type == `kv`', true],
  ['mount_type != kv', false],
  ['mount_type == "kv" and operation != read', false],
  ['mount_type == transit or operation == read', true],
  // "and" binds closer than "or", "not" closer than both.
  ['operation == read or mount_type == transit and path == x', true],
  ['(operation == read or mount_type == transit) and path == x', false],
  ['not mount_type == kv or operation == read', true],
  ['not (mount_type == kv or operation == read)', false],
  ['not not mount_type == kv', true],
  ['"data" in path', true],
  ['"nope" not in path', true],
  ['path contains app', true],
  ['path not contains app', false],
  ['path matches "^secret/.+/app$"', true],
  ['path not matches "^sys/"', true],
  ['namespace is empty', true],
  ['namespace is not empty', false],
  ['"/auth/policies" contains root', true],
  ['root in "/auth/policies"', true],
  ['"roo" in "/auth/policies"', false],
]

for (const [text, expected] of decided) {
  test(`${text} is ${expected}`, () => {
    const condition = parseCondition(text, (selector) => VALUES.has(selector))
    assert.equal(
      condition((selector) => VALUES.get(selector)),
      expected,
    )
  })
}

for (const text of [
  '',
  'mount_type',
  'mount_type ==',
  'mount_type == kv and',
  'mount_type == kv operation == read',
  '(mount_type == kv',
  'mount_type == kv)',
  'mount_type is',
  'nope == kv',
  'kv in nope',
  'mount_type = kv',
  'mount_type == "kv',
  'path matches "("',
  'path matches "[a"',
  'path matches "a{2,1}"',
  'path matches "(?P<n>a)"',
  `${'('.repeat(100)}mount_type == kv${')'.repeat(100)}`,
  `${'not '.repeat(100)}mount_type == kv`,
  `path == ${'x'.repeat(5000)}`,
  'path matches "((((a{999}){999}){999}){999})"',
  'path matches "((((){999}){999}){999}){999}"',
]) {
  test(`refused: ${text.slice(0, 60)}`, () => {
    assert.throws(() => parseCondition(text, (selector) => VALUES.has(selector)), ExpressionError)
  })
}

test('whatever is written, it is parsed or refused', () => {
  const word = fc.constantFrom(
    'path',
    '==',
    '!=',
    'and',
    'or',
    'not',
    'in',
    'is',
    'empty',
    '(',
    ')',
    '"x"',
    'matches',
    'contains',
    '"',
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), (words) => {
      try {
        parseCondition(words.join(' '), (selector) => selector === 'path')(() => 'x')
      } catch (error) {
        assert.ok(error instanceof ExpressionError)
      }
    }),
  )
})

test('patterns decide as the engine of JavaScript does, where both know them', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '(ab|b)', '(?:a|)', 'a/b', '^', '$', '\\b')
  const times = fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}', '{1,}', '*?')
  const pattern = fc
    .array(fc.tuple(atom, times), { maxLength: 6 })
    .map((parts) =>
      parts
        .map(([one, many]) => (/[$^]|\\b/.test(one) && one.length < 3 && !one.includes('[') ? one : one + many))
        .join(''),
    )
  fc.assert(
    fc.property(pattern, fc.stringMatching(/^[ab1/ ]{0,12}$/), (source, text) => {
      let theirs: RegExp
      try {
        theirs = new RegExp(source, 'u')
      } catch {
        return
      }
      assert.equal(compilePattern(source)(text), theirs.test(text), `${source} on "${text}"`)
    }),
    { numRuns: 2000 },
  )
})

test('a pattern that would hold up an engine that backtracks is decided at once', () => {
  const decide = compilePattern('^(a+)+$')
  assert.equal(decide(`${'a'.repeat(20_000)}b`), false)
  assert.equal(decide('a'.repeat(20_000)), true)
  assert.equal(compilePattern('(?i)^SeCret/[k-m]$')('sEcret/L'), true)
  assert.throws(() => compilePattern('x'.repeat(2000)), PatternError)
})
