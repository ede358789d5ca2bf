import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Item, Value } from './index.ts'
import { blocks, duplicates, HclError, parseHcl } from './index.ts'

/** A tree without its places. */
function plain(value: Value): unknown {
  switch (value.kind) {
    case 'object':
      return tree(value.items)
    case 'list':
      return value.elements.map((element) => plain(element.value))
    case 'null':
      return null
    case 'number':
    case 'string':
    case 'boolean':
      return value.value
  }
}

function tree(items: readonly Item[]): unknown {
  return items.map((item) => [item.keys.map((key) => key.name), plain(item.value)])
}

const read = (text: string): unknown => tree(parseHcl(text).items)
const valueOf = (text: string): unknown => {
  const [item] = parseHcl(`a = ${text}`).items
  return item === undefined ? undefined : plain(item.value)
}

describe('parseHcl', () => {
  const values: readonly (readonly [string, unknown])[] = [
    ['"x"', 'x'],
    ['""', ''],
    ['1', 1],
    ['-1', -1],
    ['0', 0],
    ['0x1F', 31],
    ['-0x10', -16],
    ['017', 15],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1.', 1],
    ['1e3', 1000],
    ['1.5E-1', 0.15],
    ['1e+2', 100],
    ['true', true],
    ['false', false],
    ['[]', []],
    ['[1, "a", true]', [1, 'a', true]],
    ['[1, 2,]', [1, 2]],
    ['[[1], [2]]', [[1], [2]]],
    ['{}', []],
    [
      '{ b = 1, c = 2 }',
      [
        [['b'], 1],
        [['c'], 2],
      ],
    ],
    ['[{ b = 1 }, { b = 2 }]', [[[['b'], 1]], [[['b'], 2]]]],
    [String.raw`"\a\b\f\n\r\t\v\\\""`, '\x07\b\f\n\r\t\v\\"'],
    [String.raw`"\x41\101\u00e9\U0001F600"`, 'AAé😀'],
    [String.raw`"\xc3\xa9"`, 'é'],
    ['"${var.a}"', '${var.a}'],
    ['"${f("x")}"', '${f("x")}'],
    ['"${a{b}c} \\n"', '${a{b}c} \n'],
    ['"${a\nb}"', '${a\nb}'],
    ['"$a {b}"', '$a {b}'],
    ['"{{identity.entity.id}}"', '{{identity.entity.id}}'],
    ['<<EOF\n one\ntwo\nEOF\n', ' one\ntwo\n'],
    ['<<EOF\none\n  EOF\n', 'one\n'],
    ['<<-EOF\n    one\n      two\n    EOF\n', 'one\n  two\n'],
    ['<<-EOF\n  one\n two\n  EOF\n', '  one\n two\n'],
    ['<<EOF\r\none\r\nEOF\r\n', 'one\n'],
    ['<<EOF\nEOF\n', ''],
    ['<<EOF\nx\nEOF', 'x\n'],
    ['<<EOF\nEOFX\nEOF\n', 'EOFX\n'],
  ]
  for (const [text, value] of values) it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(valueOf(text), value))

  it('reads blocks with labels, quoted or not, and repeated ones', () => {
    assert.deepEqual(read('a "b" c { d = 1 }\na "e" {}\n"a" = {}\nx.y-z_1 = 2'), [
      [['a', 'b', 'c'], [[['d'], 1]]],
      [['a', 'e'], []],
      [['a'], []],
      [['x.y-z_1'], 2],
    ])
  })

  it('reads comments of three kinds anywhere', () => {
    assert.deepEqual(read('# one\na = /* two */ 1 // three\n/* four\n */ b = [ # five\n 1, // six\n]'), [
      [['a'], 1],
      [['b'], [1]],
    ])
  })

  it('skips a byte-order mark, and reads CRLF as one end of line', () => {
    assert.deepEqual(read('\ufeffa = 1\r\nb = 2\r\n'), [
      [['a'], 1],
      [['b'], 2],
    ])
  })

  it('reads the JSON form into the same tree, with places', () => {
    const text = ' \n{"a": {"b": [1, "x\\u00e9\\ud83d\\ude00", null]},\n "__proto__": true}'
    const document = parseHcl(text)
    assert.deepEqual(tree(document.items), [
      [['a'], [[['b'], [1, 'xé😀', null]]]],
      [['__proto__'], true],
    ])
    assert.equal(document.items[1]?.at.line, 3)
    assert.equal(document.items[1]?.at.column, 2)
  })

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['a', '1:2', /expected start of object \('\{'\) or assignment \('='\)/],
    ['a =', '1:4', /expected a value/],
    ['a = b', '1:5', /takes quotes/],
    ['a = 1h', '1:6', /"1h" is a string/],
    ['path "x" {', '1:11', /expected '\}' for the '\{' at 1:10/],
    ['a = [1 2]', '1:8', /expected comma or list end/],
    ['a = [1', '1:7', /expected '\]'/],
    ['a b = 1', '1:5', /nested object expected/],
    ['= 1', '1:1', /expected the name/],
    ['}', '1:1', /expected the name/],
    ['true = 1', '1:1', /got a boolean/],
    ['x = 1\n\ny = @', '3:5', /illegal character/],
    ['a = "x\n"', '1:5', /not terminated/],
    ['a = "\\q"', '1:6', /illegal char escape/],
    ['a = "\\400"', '1:6', /illegal char escape/],
    ['a = "\\ud800"', '1:6', /illegal char escape/],
    ['a = "\\xff"', '1:10', /not valid UTF-8/],
    ['a = 0x', '1:5', /hexadecimal/],
    ['a = 089', '1:5', /octal/],
    ['a = 1e', '1:5', /exponent/],
    ['a = 9223372036854775808', '1:5', /64 bits/],
    ['a = 1e999', '1:5', /too large/],
    ['a = <EOF\n', '1:5', /second '<'/],
    ['a = <<\n', '1:5', /zero-length/],
    ['a = <<EOF x\n', '1:10', /end of the line/],
    ['a = <<EOF\nx', '1:5', /only EOF/],
    ['/x', '1:1', /for a comment/],
    ['/* x', '1:1', /expected '\*\/'/],
    ['a = "\0"', '1:6', /null character/],
    ['é😀 = @', '1:2', /illegal/],
    ['"é😀" = @', '1:8', /illegal character/],
    ['a = "\ud800"', '1:6', /illegal UTF-8/],
    ['{"a": }', '1:7', /expected a value/],
    ['{"a" 1}', '1:6', /expected ':'/],
    ['{"a": 1,}', '1:9', /name of a member/],
    ['{"a": 1', '1:8', /end of the text/],
    ['{"a": 01}', '1:8', /expected ',' or '\}'/],
    ['{"a": "\\x"}', '1:8', /escape/],
    ['{"a": "\\ud800"}', '1:7', /surrogate/],
    ['{} x', '1:4', /end of the text/],
    ['{"a": "b\n"}', '1:9', /control character/],
    ['{"a": "b', '1:7', /not terminated/],
    ['{"a": 1e999}', '1:7', /too large/],
    ['{"a": tru}', '1:7', /expected a value/],
  ]
  for (const [text, place, sentence] of refused) {
    it(`refuses ${JSON.stringify(text)} at ${place}`, () => {
      assert.throws(
        () => parseHcl(text),
        (error) => {
          assert.ok(error instanceof HclError)
          assert.equal(`${error.line}:${error.column}`, place)
          assert.match(error.detail, sentence)
          return true
        },
      )
    })
  }

  it('reads a call of a function, where asked to, as the string that says it', () => {
    const called = (text: string): unknown => tree(parseHcl(text, { calls: true }).items)
    assert.deepEqual(called('a = env("B")\nc = ["x", file( "d" )]'), [
      [['a'], '${env("B")}'],
      [['c'], ['x', '${file("d")}']],
    ])
    assert.deepEqual(called('a = env("B")'), read('a = "${env("B")}"'))
    assert.throws(() => read('a = env("B")'), HclError)
    for (const text of ['a = env(B)', 'a = env("B"', 'a = env("B", "C")', 'a = env()'])
      assert.throws(() => called(text), HclError, text)
  })

  it('refuses bombs of depth before the stack ends', () => {
    for (const bomb of [
      'a = ' + '['.repeat(200_000),
      'a {'.repeat(200_000),
      '{"a":'.repeat(200_000),
      '{"a":' + '['.repeat(200_000),
    ]) {
      assert.throws(() => parseHcl(bomb), /nested too deeply/)
    }
  })

  it('reads a megabyte of anything in one pass', () => {
    const megabyte = (part: string): string => part.repeat(Math.ceil(1_000_000 / part.length))
    for (const text of [
      megabyte('a = 1\n'),
      `a = [${megabyte('1,')}]`,
      `a = "${megabyte('\\n')}"`,
      `a = "${megabyte('${')}"`,
      `a = <<E\n${megabyte('x\n')}`,
      megabyte('# x\n'),
      `/*${megabyte('*')}`,
      megabyte('a '),
      megabyte('"'),
      megabyte('<<'),
      `a = ${megabyte('1')}`,
      `{"a":"${megabyte('\\\\')}"}`,
      `{"a":[${megabyte('1,')}1]}`,
      megabyte(' '),
      megabyte('b "c" { d = 1 } # e\n'),
      `a = <<E\n${megabyte(' E x\n')}`,
    ]) {
      try {
        duplicates(parseHcl(text).items)
      } catch (error) {
        assert.ok(error instanceof HclError, String(error))
      }
    }
  })

  it('throws nothing but HclError on random text', () => {
    const piece = fc.constantFrom(
      'a',
      ' = ',
      '"',
      '{',
      '}',
      '[',
      ']',
      ',',
      '\n',
      '1',
      '0x',
      '.',
      '-',
      '\\',
      '${',
      '<<E',
      'E',
      '#',
      '/*',
      '*/',
      '//',
      'true',
      ':',
      'null',
      '😀',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (source) => {
        for (const form of [source, `{${source}`]) {
          try {
            parseHcl(form)
          } catch (error) {
            assert.ok(error instanceof HclError, String(error))
          }
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('reads any JSON object as JSON.parse does', () => {
    const member = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    const rebuild = (value: Value): unknown => {
      if (value.kind === 'object')
        return Object.fromEntries(value.items.map((item) => [item.keys[0].name, rebuild(item.value)]))
      return value.kind === 'list' ? value.elements.map((element) => rebuild(element.value)) : plain(value)
    }
    fc.assert(
      fc.property(member, (value) => {
        const text = JSON.stringify(value)
        const items = parseHcl(text).items.map((item) => [item.keys[0].name, rebuild(item.value)])
        assert.deepEqual(Object.fromEntries(items), JSON.parse(text))
      }),
    )
  })
})

describe('blocks', () => {
  const labels = (text: string, count: number): unknown => {
    const { found, misfits } = blocks(parseHcl(text).items, 'b', count)
    return [found.map((block) => block.labels.map((key) => key.name).join(' ')), misfits.length]
  }

  it('finds native and JSON forms alike', () => {
    const expected = [['x', 'y'], 0]
    assert.deepEqual(labels('b "x" {}\nc {}\nb "y" { k = 1 }', 1), expected)
    assert.deepEqual(labels('{"b": {"x": {}, "y": {"k": 1}}}', 1), expected)
    assert.deepEqual(labels('{"b": [{"x": {}}, {"y": {"k": 1}}]}', 1), expected)
    assert.deepEqual(labels('{"b": {"x": [{}]}, "b": {"y": {}}}', 1), expected)
    assert.deepEqual(labels('b "x" "y" {}', 2), [['x y'], 0])
  })

  it('points out what is no such block', () => {
    assert.deepEqual(labels('b = 1\nb {}\nb "x" "y" {}', 1), [[], 3])
  })
})

describe('duplicates', () => {
  const names = (text: string): unknown =>
    duplicates(parseHcl(text).items).map((item) => `${item.keys[0].name}@${item.at.line}`)

  it('finds an attribute given twice in one object, at any depth', () => {
    assert.deepEqual(names('a = 1\nb { c = 1\nc = 2 }\nb { c = 1 }\n"a" = 2\nx = [{ y = 1\ny = 2 }]'), [
      'c@3',
      'a@5',
      'y@7',
    ])
    assert.deepEqual(names('{"a": 1,\n"a": 2, "b": {"c": 1}, "b": {"c": 2}}'), ['a@2'])
  })
})
