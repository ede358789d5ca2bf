import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { CofferError } from '#framework'
import { fill, mysqlDialect, POSTGRESQL, statementsOf, type Dialect } from './statement.ts'

const MYSQL = mysqlDialect(true)
const ANSI = mysqlDialect(false)

function filled(
  text: string | readonly string[],
  values: Readonly<Record<string, string>>,
  dialect: Dialect = POSTGRESQL,
) {
  const texts = typeof text === 'string' ? [text] : text
  return statementsOf(texts, dialect).map((one) => fill(one, new Map(Object.entries(values))).trim())
}

suite('statements are cut where they end', () => {
  const cases: readonly (readonly [text: string, statements: readonly string[]])[] = [
    ['a; b;;  ; c', ['a', 'b', 'c']],
    [`a ';' "b;" ; c`, [`a ';' "b;"`, 'c']],
    ['a -- not; here\n; b', ['a -- not; here', 'b']],
    ['a /* not; here */; b', ['a /* not; here */', 'b']],
    ['DO $$ a; b $$; c', ['DO $$ a; b $$', 'c']],
    ['DO $x$ a; $$ b $x$; c', ['DO $x$ a; $$ b $x$', 'c']],
    [`E'it\\'s;' ; b`, [`E'it\\'s;'`, 'b']],
    [`'it\\' ; b`, [`'it\\'`, 'b']],
    [
      'CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2; END; x',
      ['CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2; END; x'],
    ],
    [`a 'THE END'; b`, [`a 'THE END'`, 'b']],
    ['["a; b", "c"]', ['a', 'b', 'c']],
    ['YTsgYg==', ['a', 'b']],
    ['', []],
    ['a$1; b', ['a$1', 'b']],
  ]
  for (const [text, statements] of cases) test(text, () => assert.deepEqual(filled(text, {}), statements))
})

suite('a value stays within its quotes', () => {
  const hostile = { name: `a"b'c`, password: `p'w"\\;--` }
  const cases: readonly (readonly [text: string, result: string, dialect?: Dialect])[] = [
    [`CREATE ROLE "{{name}}"`, `CREATE ROLE "a""b'c"`],
    [`PASSWORD '{{password}}'`, `PASSWORD 'p''w"\\;--'`],
    [`PASSWORD E'{{password}}'`, `PASSWORD E'p''w"\\\\;--'`],
    [`DO $$ BEGIN x '{{password}}' $$`, `DO $$ BEGIN x 'p''w"\\;--' $$`],
    ['`{{name}}`', '`a"b\'c`', MYSQL],
    [`IDENTIFIED BY '{{password}}'`, `IDENTIFIED BY 'p''w"\\\\;--'`, MYSQL],
    [`IDENTIFIED BY "{{password}}"`, `IDENTIFIED BY "p'w""\\\\;--"`, MYSQL],
    [`IDENTIFIED BY '{{password}}'`, `IDENTIFIED BY 'p''w"\\;--'`, ANSI],
    [`'{{ name }}'@'%'`, `'a"b''c'@'%'`, MYSQL],
    ['-- {{name}}\nx', '-- {{name}}\nx'],
    ['{{unknown}}', '{{unknown}}'],
  ]
  for (const [text, result, dialect] of cases)
    test(text, () => assert.deepEqual(filled(text, hostile, dialect), [result]))
})

test('plain values may stand anywhere', () => {
  assert.deepEqual(filled(`DROP ROLE {{name}}; x 'y "{{name}}"'`, { name: 'v-root-app-1' }), [
    'DROP ROLE v-root-app-1',
    `x 'y "v-root-app-1"'`,
  ])
  assert.deepEqual(filled('VALID UNTIL {{expiration}}', { expiration: '2026-01-01 00:00:00+0000' }), [
    'VALID UNTIL 2026-01-01 00:00:00+0000',
  ])
})

suite('what could become syntax is refused', () => {
  const refused = (error: unknown): boolean => error instanceof CofferError && error.code === 'DATABASE_STATEMENT'
  const cases: readonly (readonly [text: string, value: string])[] = [
    ['DROP ROLE {{name}}', 'a; DROP ROLE b'],
    ['DROP ROLE {{name}}', 'a b'],
    [`EXECUTE 'DROP ROLE "{{name}}"'`, 'a"b'],
    [`EXECUTE 'DROP ROLE ''{{name}}'''`, "a'b"],
    [`DO $$ BEGIN EXECUTE 'DROP ROLE {{name}}'; END $$`, 'a; DROP ROLE b'],
    [`'{{name}} x'`, 'a; b'],
    ['DO $$ x {{name}} $$', '$$; DROP ROLE b; $$'],
    [`DO $$ x '{{name}}' $$`, '$$; DROP ROLE b; $$'],
    ['"{{name}}"', 'a\0b'],
  ]
  for (const [text, value] of cases)
    test(`${text} with ${JSON.stringify(value)}`, () => assert.throws(() => filled(text, { name: value }), refused))
})

test('whatever the value, a quoted literal reads back as it', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 20 }).filter((value) => !value.includes('\0')),
      (value) => {
        const [standard = ''] = statementsOf([`'{{v}}'`], POSTGRESQL).map((one) => fill(one, new Map([['v', value]])))
        assert.equal(standard.slice(1, -1).replaceAll("''", "'"), value)
        assert.match(standard, /^'(?:[^']|'')*'$/)
        const [escaped = ''] = statementsOf([`'{{v}}'`], MYSQL).map((one) => fill(one, new Map([['v', value]])))
        assert.match(escaped, /^'(?:[^'\\]|''|\\\\)*'$/)
      },
    ),
  )
})

test('whatever the text, it is cut without loss', () => {
  const word = fc.constantFrom(
    "'",
    '"',
    '$$',
    '$a$',
    ';',
    '--',
    '\n',
    '/*',
    '*/',
    '\\',
    'END',
    '{{name}}',
    'x',
    ' ',
    'E',
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), (words) => {
      const text = words.join('')
      for (const dialect of [POSTGRESQL, MYSQL]) {
        const joined = statementsOf([text], dialect)
          .map((one) => fill(one, new Map()))
          .join(';')
        const bare = (of: string): string => of.replace(/[;\s]/g, '')
        assert.equal(bare(joined), bare(text))
      }
    }),
  )
})
