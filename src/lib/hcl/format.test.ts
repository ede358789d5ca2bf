import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatHcl, HclError, parseHcl } from './index.ts'

/** A tree without places and comments, for comparing. */
function meaning(text: string): string {
  return JSON.stringify(parseHcl(text).items, (key, value: unknown) =>
    ['at', 'end', 'lead', 'trail', 'text'].includes(key) ? undefined : value,
  )
}

function commentsOf(text: string): readonly string[] {
  return parseHcl(text)
    .comments.flat()
    .map((comment) => comment.text.trimEnd())
    .toSorted()
}

const pairs: readonly (readonly [string, string, string])[] = [
  [
    'aligns adjacent attributes',
    'path   "a"{\ncapabilities=["read","list"]\n min_wrapping_ttl = "1s"\n}',
    'path "a" {\n  capabilities     = ["read", "list"]\n  min_wrapping_ttl = "1s"\n}\n',
  ],
  ['keeps apart what was apart', 'p {\n a = 1\n\n\n bcd = 2\n}', 'p {\n  a = 1\n\n  bcd = 2\n}\n'],
  [
    'writes comments where they stood',
    '#top\n\n# lead\np { # open\n a = 1 # one\n bb = 22 // two\n # loose\n\n # lead c\n c = 3\n # last\n}\n# end',
    '#top\n\n# lead\np {\n  # open\n  a  = 1  # one\n  bb = 22 // two\n\n  # loose\n\n  # lead c\n  c = 3\n\n  # last\n}\n\n# end\n',
  ],
  [
    'gives a longer item room',
    'p {\n a = 1\n m = { "x" = []\n "yy" = [] }\n b = 2\n}',
    'p {\n  a = 1\n\n  m = {\n    "x"  = []\n    "yy" = []\n  }\n\n  b = 2\n}\n',
  ],
  [
    'keeps a list on many lines so',
    'a = [ "x", # one\n "yyy" # two\n]\nb = [\n]',
    'a = [\n  "x",   # one\n  "yyy", # two\n]\n\nb = []\n',
  ],
  ['keeps empty blocks together', 'a {}\nb { }\n\nc {\n}', 'a {}\nb {}\n\nc {}\n'],
  [
    'leaves heredocs and literals as they are',
    'a = <<-X\n   y\n  X\nb = 0x1F\nc = "\\u00e9${f("x")}"',
    'a = <<-X\n   y\n  X\n\nb = 0x1F\n\nc = "\\u00e9${f("x")}"\n',
  ],
  ['of nothing is nothing', ' \n', ''],
  ['of a comment is that comment', '\n# only', '# only\n'],
]

const name = fc.constantFrom('path', 'a', 'bb', 'capabilities', '"x y"', '"secret/*"')
const { value: valueText } = fc.letrec<{ value: string; body: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      '1',
      '-0x1f',
      '1.5',
      'true',
      '"s"',
      '"${a("b")}"',
      '"\\n"',
      '<<E\n x\nE\n',
      '<<-E\n  x\n  E\n',
      '[]',
      '{}',
    ),
    fc
      .array(tie('value'), { maxLength: 4 })
      .chain((values) =>
        fc.constantFrom(', ', ',\n', ' # c\n, ', ', // d\n').map((comma) => `[${values.join(comma)}]`),
      ),
    tie('body').map((body) => `{\n${body}}`),
  ),
  body: fc
    .array(
      fc.oneof(
        fc
          .tuple(name, tie('value'), fc.constantFrom('\n', ' # t\n', '\n\n', '\n# l\n', '\n/* m\n n */\n'))
          .map(([key, value, end]) => `${key} = ${value}${end}`),
        fc.tuple(name, tie('body')).map(([key, body]) => `${key} "l" {\n${body}}\n`),
      ),
      { maxLength: 4 },
    )
    .map((items) => items.join('')),
}))

describe('formatHcl', () => {
  for (const [title, text, formatted] of pairs) {
    it(title, () => {
      assert.equal(formatHcl(text), formatted)
      assert.equal(formatHcl(formatted), formatted)
    })
  }

  it('changes neither meaning nor comments, and nothing the second time', () => {
    fc.assert(
      fc.property(fc.array(valueText, { maxLength: 4 }), (values) => {
        const text = values.map((value, index) => `# c${index}\nk${index} = ${value}\n`).join('')
        const formatted = formatHcl(text)
        assert.equal(meaning(formatted), meaning(text))
        assert.deepEqual(
          commentsOf(formatted)
            .join(' ')
            .split(/[ \n]+/)
            .toSorted(),
          commentsOf(text)
            .join(' ')
            .split(/[ \n]+/)
            .toSorted(),
        )
        assert.equal(formatHcl(formatted), formatted)
      }),
      { numRuns: 1000 },
    )
  })

  it('refuses what it cannot write', () => {
    assert.throws(() => formatHcl('{"a": 1}'), HclError)
    assert.throws(() => formatHcl('a ='), HclError)
  })

  it('writes a megabyte of attributes', () => {
    const text = 'a = 1\n'.repeat(150_000)
    assert.equal(formatHcl(`b {\n${text}}`).length, text.length + 2 * 150_000 + 'b {\n}\n'.length)
  })
})
