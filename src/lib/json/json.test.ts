import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  defaultJsonLimits,
  JsonError,
  membersOf,
  noJsonLimits,
  parseObject,
  parseObjectAsync,
  parseRaw,
  RawJson,
  stringify,
} from './index.ts'
import type { JsonLimits } from './index.ts'

/** Any JSON value, keys like `__proto__` included, in varied spelling. */
const jsonText = fc
  .tuple(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'))
  .map(([v, s]) => JSON.stringify(v, null, s))

function codeOf(fn: () => unknown): string {
  try {
    fn()
  } catch (error) {
    if (error instanceof JsonError) return error.code
    throw error
  }
  return 'accepted'
}

function refuses(text: string | Uint8Array, limits: JsonLimits = defaultJsonLimits): string {
  return codeOf(() => parseObject(text, limits))
}

test('takes what JSON.parse takes', () => {
  fc.assert(
    fc.property(jsonText, (text) => {
      assert.deepEqual(parseRaw(` ${text}\n`, noJsonLimits).text, text)
      assert.deepEqual(parseRaw(Buffer.from(text), noJsonLimits).value(), JSON.parse(text))
    }),
  )
})

test('refuses what JSON.parse refuses, and nothing else', () => {
  const damaged = fc
    .tuple(
      jsonText,
      fc.nat(),
      fc.constantFrom('', ',', '"', '{', ']', '\\', '0', '-', '.', 'e', '\u0001', 'n', ' ', 'é'),
    )
    .map(([text, at, insert]) => {
      const i = at % (text.length + 1)
      return text.slice(0, i) + insert + text.slice(i + (at % 3))
    })
  fc.assert(
    fc.property(damaged, (text) => {
      fc.pre(text.isWellFormed())
      let ours = true
      let theirs = true
      try {
        parseRaw(text, noJsonLimits)
      } catch {
        ours = false
      }
      try {
        JSON.parse(text)
      } catch {
        theirs = false
      }
      assert.equal(ours, theirs, JSON.stringify(text))
    }),
    { numRuns: 3000 },
  )
})

test('a top-level object falls into members that keep their text', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (object) => {
      const members = parseObject(JSON.stringify(object), noJsonLimits)
      assert.deepEqual([...members.keys()].toSorted(), Object.keys(object).toSorted())
      for (const [name, raw] of members) assert.equal(raw.text, JSON.stringify(object[name]))
    }),
  )
})

test('stopping anywhere changes nothing', async () => {
  const text = JSON.stringify({ a: 'x\\"'.repeat(600_000), 'k"y': [1, { b: '\u00e9' }], c: -1.5e-7 })
  const whole = parseObject(Buffer.from(text), noJsonLimits)
  const parts = await parseObjectAsync(Buffer.from(text), noJsonLimits)
  assert.ok(text.length > 2 ** 21)
  assert.deepEqual([...parts], [...whole])
  const emoji = JSON.stringify({ long: `a${'\u{1f511}'.repeat(600_000)}`, short: 'é' })
  assert.equal(stringify(await parseObjectAsync(Buffer.from(emoji), noJsonLimits)), emoji)
  assert.equal(whole.get('k"y')?.text, '[1,{"b":"é"}]')
})

test('numbers keep their source text', () => {
  const text = '{"a":9007199254740993,"b":1.0,"c":12345678901234567890,"d":0.1,"e":1e400,"f":-0}'
  const members = parseObject(text, defaultJsonLimits)
  assert.equal(stringify(members), text)
  assert.deepEqual(
    [...members.values()].map((raw) => raw.text),
    ['9007199254740993', '1.0', '12345678901234567890', '0.1', '1e400', '-0'],
  )
})

test('keys like __proto__ are ordinary, and the last of two equal keys counts', () => {
  const text = '{"__proto__":{"admin":true},"constructor":1,"a":1,"\\u0061":2}'
  const members = parseObject(text, defaultJsonLimits)
  assert.deepEqual([...members.keys()], ['__proto__', 'constructor', 'a'])
  assert.equal(members.get('a')?.text, '2')
  assert.equal(stringify(members), '{"__proto__":{"admin":true},"constructor":1,"a":2}')
})

test('an empty, blank or null body has no members; other kinds are refused', () => {
  for (const text of ['', ' \n', 'null', '{}']) assert.equal(parseObject(text, defaultJsonLimits).size, 0)
  for (const text of ['[]', '1', '"a"', 'true']) assert.equal(refuses(text), 'not_object')
})

test('malformed text is refused', () => {
  const rows = [
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{,}',
    '{a:1}',
    "{'a':1}",
    '{"a":1}x',
    '{"a":1}{',
    '{"a":01}',
    '{"a":+1}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":-}',
    '{"a":NaN}',
    '{"a":tru}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":"\\',
    '{"a":[1,]}',
    '{"a":[1}',
    '\ufeff{}',
    '//x\n{}',
    '{"a":1]',
  ]
  for (const text of rows) assert.equal(refuses(text), 'syntax', text)
})

test('invalid UTF-8 is refused, escapes of lone surrogates are kept', () => {
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    assert.equal(refuses(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')])), 'utf8')
  }
  assert.equal(refuses('{"a":"\ud800"}'), 'utf8')
  assert.equal(parseObject('{"a":"\\ud800"}', defaultJsonLimits).get('a')?.text, '"\\ud800"')
})

test('limits', () => {
  const depth = (n: number): string => `{"a":${'['.repeat(n)}${']'.repeat(n)}}`
  assert.equal(refuses(depth(63)), 'accepted')
  assert.equal(refuses(depth(64)), 'depth')
  const strings = (n: number): string => `{"a":[${Array<string>(n).fill('""').join(',')}]}`
  assert.equal(refuses(strings(999)), 'accepted')
  assert.equal(refuses(strings(1000)), 'strings')
  const few = { ...defaultJsonLimits, maxMembers: 2, maxStringBytes: 3 }
  assert.equal(refuses('{"a":1,"b":{"c":1,"d":2}}', few), 'accepted')
  assert.equal(refuses('{"a":{"b":1,"c":2,"d":3}}', few), 'members')
  assert.equal(refuses('{"a":"abc"}', few), 'accepted')
  assert.equal(refuses('{"a":"abcd"}', few), 'string_length')
})

test('bombs are refused where they pass a limit', () => {
  const offsetOf = (text: string): number => {
    try {
      parseObject(Buffer.from(text), defaultJsonLimits)
    } catch (error) {
      if (error instanceof JsonError) return error.offset
    }
    return Infinity
  }
  const size = 32 << 20
  assert.ok(offsetOf(`{"a":[${'{},'.repeat(size / 3)}{}]}`) < size / 8)
  assert.ok(offsetOf(`{"a":${'['.repeat(size)}`) < 100)
  assert.ok(offsetOf(`{"a":[${'"",'.repeat(2000)}""]}`) < 4000)
})

test('an error never shows what was sent', () => {
  for (const text of ['{"canary":canary}', '{"canary":"canary\\q"}', '{"canary', '["canary"', '{"a":1}canary']) {
    assert.throws(
      () => parseObject(text, defaultJsonLimits),
      (error: unknown) => error instanceof JsonError && !inspect(error).includes('canary'),
    )
  }
  assert.throws(() => parseObject('{"a":hvs.xyz}', defaultJsonLimits), { message: 'expected a value at offset 5' })
})

test('raw JSON shows nothing when printed', () => {
  const raw = new RawJson('{"password":"canary"}')
  assert.ok(!`${inspect({ raw })} ${JSON.stringify({ raw })}`.includes('canary'))
  assert.deepEqual(raw.value(), { password: 'canary' })
  assert.equal(raw.value(), raw.value())
  assert.equal(membersOf(raw)?.get('password')?.text, '"canary"')
  assert.equal(membersOf(new RawJson('[1]')), undefined)
  const kinds = ['{}', '[]', '""', '-1', '0', 'true', 'false', 'null'].map((text) => new RawJson(text).kind)
  assert.deepEqual(kinds, ['object', 'array', 'string', 'number', 'number', 'boolean', 'boolean', 'null'])
})
