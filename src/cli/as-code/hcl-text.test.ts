import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatHcl, parseHcl, type Value as HclValue } from '../../lib/hcl/index.ts'
import { blockText } from './hcl-text.ts'
import type { Value } from './value.ts'

function plain(value: HclValue): unknown {
  switch (value.kind) {
    case 'list':
      return value.elements.map((element) => plain(element.value))
    case 'object':
      return Object.fromEntries(value.items.map((item) => [item.keys[0].name, plain(item.value)]))
    case 'null':
      return null
    default:
      return value.value
  }
}

function asData(value: Value): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, member]) => [name, asData(member)]))
  return Array.isArray(value) ? value.map((item: Value) => asData(item)) : value
}

const word = fc.oneof(
  fc.constantFrom(
    '',
    'EOT\n',
    'a\nb\n',
    '${x}',
    '${env("A")}',
    '"',
    '\\',
    '\t',
    '\x07',
    '\u2028',
    'é😀',
    '{{x}}',
    '# no',
  ),
  fc.string({ unit: 'grapheme' }),
)
const key = fc
  .oneof(fc.constantFrom('a', 'b-c', 'x y', '1', 'é', '"'), fc.string({ minLength: 1 }))
  .filter((name) => name !== '__proto__')
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    word,
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  ),
}))

describe('blockText', () => {
  it('is read as what was written', () => {
    fc.assert(
      fc.property(
        word,
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'policy', 'x_y'), value), { maxLength: 4 }),
        (id, pairs) => {
          const fields = new Map(pairs)
          const text = blockText('role', id, fields)
          const [item, ...more] = parseHcl(text).items
          assert.deepEqual(more, [])
          assert.equal(item?.keys[1]?.name, id)
          assert.deepEqual(item === undefined ? undefined : plain(item.value), asData(fields))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('is laid out as policies are', () => {
    const text = blockText(
      'mount',
      'apps',
      new Map<string, Value>([
        ['type', 'kv'],
        ['options', new Map([['version', '2']])],
        ['config.max_lease_ttl', '24h'],
      ]),
      ['more'],
    )
    assert.equal(
      text,
      'mount "apps" {\n  type = "kv"\n  options = {\n    version = "2"\n  }\n\n  config {\n    max_lease_ttl = "24h"\n  }\n  # more\n}\n',
    )
    assert.doesNotThrow(() => formatHcl(text))
  })
})
