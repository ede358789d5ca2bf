import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { parseTemplate, TemplateError, type TemplateWorld } from './index.ts'

const world: TemplateWorld = {
  now: Date.UTC(2026, 2, 7, 14, 5, 9, 42),
  random: (length) => 'R'.repeat(length),
  uuid: () => '5f2c1e6a-0000-4000-8000-000000000000',
}
const fields = new Map([
  ['DisplayName', 'token-with-a-long-name'],
  ['RoleName', 'readonly'],
])
const render = (text: string): string => parseTemplate(text).render(fields, world)

suite('what Vault’s users write', () => {
  const cases: readonly (readonly [template: string, result: string])[] = [
    [
      '{{ printf "v-%s-%s-%s-%s" (.DisplayName | truncate 8) (.RoleName | truncate 8) (random 20) (unix_time) | truncate 63 }}',
      'v-token-wi-readonly-RRRRRRRRRRRRRRRRRRRR-1772892309',
    ],
    ['{{printf "v-%s-%s" (.RoleName | truncate 4) (random 20) | truncate 16}}', 'v-read-RRRRRRRRR'],
    ['{{.RoleName}}_{{unix_time}}_{{random 8}}', 'readonly_1772892309_RRRRRRRR'],
    ['{{.RoleName | uppercase | replace "READ" "w"}}', 'wONLY'],
    ['{{.RoleName | replace "e" "$&"}}', 'r$&adonly'],
    ['{{lowercase "ABC"}} {{uuid}}', 'abc 5f2c1e6a-0000-4000-8000-000000000000'],
    ['{{.DisplayName | truncate_sha256 12}}', 'toke1f4d4dcf'],
    ['{{sha256 "a" | truncate 6}}', 'ca9781'],
    ['{{"a b" | base64}} {{"YSBi" | decode_base64}} {{"a" | hex}} {{decode_hex "61"}}', 'YSBi a b 61 a'],
    ['{{timestamp "2006-01-02T15:04:05.000Z07:00"}}', '2026-03-07T14:05:09.042Z'],
    ['{{timestamp "Monday, _2 Jan 06 3:04PM MST -0700"}}', 'Saturday,  7 Mar 26 2:05PM UTC +0000'],
    ['{{unix_time_millis}}', '1772892309042'],
    ['a {{- " b " -}} c', 'a b c'],
    ['x{{/* nothing */}}y', 'xy'],
    ['{{`raw "text"`}} {{"tab\\tend"}} {{\'a\'}}', 'raw "text" tab\tend 97'],
    ['{{if glob "read*" .RoleName}}ro{{else if eq .RoleName "x"}}x{{else}}rw{{end}}', 'ro'],
    ['{{if and .RoleName (not (eq (len .RoleName) 8))}}a{{else}}b{{end}}', 'b'],
    [
      '{{printf "%5d|%-5s|%05d|%.2s|%q|%x|%t|%%" 7 "a" -42 "abc" "q" "hi" true}}',
      '    7|a    |-0042|ab|"q"|6869|true|%',
    ],
    ['{{printf "%d %s" "a"}}', '%!d(string=a) %!s(MISSING)'],
    ['{{printf "" 1}}', '%!(EXTRA int=1)'],
    ['{{ 12 }}{{ true }}{{ 0x10 }}', '12true16'],
    ['no action', 'no action'],
  ]
  for (const [template, result] of cases) test(template, () => assert.equal(render(template), result))
})

suite('what is no template', () => {
  const cases: readonly (readonly [template: string, message: RegExp])[] = [
    ['{{', /unclosed action/],
    ['{{.RoleName', /unclosed action/],
    ['{{foo}}', /template: template:1: function "foo" not defined/],
    ['a\n{{.RoleName | foo 1}}', /template:2: function "foo" not defined/],
    ['{{}}', /missing value for command/],
    ['{{.RoleName |}}', /missing value/],
    ['{{(.RoleName}}', /unclosed left paren/],
    ['{{.RoleName)}}', /unexpected right paren/],
    ['{{.RoleName 1}}', /can't give argument to non-function/],
    ['{{1 | .RoleName}}', /non executable command/],
    ['{{range .RoleName}}{{end}}', /not supported/],
    ['{{$x := 1}}', /unexpected "\$"/],
    ['{{if .RoleName}}', /unexpected EOF/],
    ['{{end}}', /unexpected \{\{end\}\}/],
    ['{{if 1}}{{else}}{{else}}{{end}}', /unexpected \{\{else\}\}/],
    ['{{"\\q"}}', /unknown escape/],
    [`{{${'('.repeat(40)}1${')'.repeat(40)}}}`, /nested too deep/],
    ['x'.repeat(10_000), /at most/],
    ['{{/* never closed', /unclosed comment/],
  ]
  for (const [template, message] of cases)
    test(template.slice(0, 40), () => assert.throws(() => render(template), message))
})

suite('what does not fit', () => {
  const cases: readonly (readonly [template: string, message: RegExp])[] = [
    ['{{.Password}}', /can't evaluate field Password/],
    ['{{.constructor}}', /can't evaluate field constructor/],
    ['{{truncate 0 "a"}}', /error calling truncate: max length must be > 0 but was 0/],
    ['{{truncate_sha256 8 "a"}}', /max length must be > 8/],
    ['{{truncate "a" 1}}', /expected integer/],
    ['{{truncate 1}}', /wrong number of args for truncate: want 2 got 1/],
    ['{{random 100000}}', /from 0 to 1024/],
    ['{{printf "%999999999d" 1}}', /a width is at most/],
    ['{{decode_base64 "%"}}', /is not base64/],
    ['{{eq 1 "1"}}', /incompatible types/],
    ['{{random 1024 | replace "R" (random 1024)}}', /longer than/],
  ]
  for (const [template, message] of cases) test(template, () => assert.throws(() => render(template), message))
})

test('a value never becomes part of the template', () => {
  const hostile = new Map([
    ['RoleName', '{{random 20}}"}}{{'],
    ['DisplayName', ''],
  ])
  assert.equal(parseTemplate('{{.RoleName}}').render(hostile, world), '{{random 20}}"}}{{')
})

test('no character is cut in two', () => {
  const russian = new Map([['RoleName', 'ключ']])
  assert.equal(parseTemplate('{{.RoleName | truncate 5}}').render(russian, world), 'кл')
})

test('whatever the text, it is rendered or refused, and within its bounds', () => {
  const word = fc.constantFrom(
    '{{',
    '}}',
    '|',
    '(',
    ')',
    '.RoleName',
    'printf',
    '"%s"',
    'random',
    '9',
    'if',
    'end',
    'else',
    ' ',
    '-',
    'x',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 4 })), { maxLength: 30 }), (parts) => {
      try {
        assert.ok(render(parts.join('')).length <= 8192)
      } catch (error) {
        assert.ok(error instanceof TemplateError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
