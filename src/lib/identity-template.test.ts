import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseIdentityTemplate, renderIdentityTemplate, type IdentityFacts } from './identity-template.ts'

const facts: IdentityFacts = {
  entity: {
    id: 'e-1',
    name: 'bob "the" builder',
    metadata: new Map([
      ['color', 'gr\u0000een'],
      ['a.b', 'dotted'],
    ]),
    aliases: [
      {
        mountAccessor: 'userpass_1',
        id: 'a-1',
        name: 'bob',
        metadata: new Map([['foo', 'abc']]),
        customMetadata: new Map([['team', 'blue']]),
      },
    ],
  },
  groups: [
    { id: 'g-1', name: 'ops', namespaceId: 'root', metadata: new Map() },
    { id: 'g-2', name: 'de"v', namespaceId: 'root', metadata: new Map() },
  ],
}

function json(text: string, of: IdentityFacts = facts) {
  const template = parseIdentityTemplate(text)
  assert.ok(template !== undefined)
  return renderIdentityTemplate(template, of, { mode: 'json', now: 1_700_000_000_900 })
}

suite('identity templates in JSON', () => {
  const rows: readonly (readonly [string, unknown])[] = [
    ['identity.entity.id', 'e-1'],
    ['identity.entity.name', 'bob "the" builder'],
    ['identity.entity.metadata', { color: 'gr\u0000een', 'a.b': 'dotted' }],
    ['identity.entity.metadata.color', 'gr\u0000een'],
    ['identity.entity.metadata.a.b', 'dotted'],
    ['identity.entity.metadata.none', ''],
    ['identity.entity.groups.ids', ['g-1', 'g-2']],
    ['identity.entity.groups.names', ['ops', 'de"v']],
    ['identity.entity.aliases.userpass_1.id', 'a-1'],
    ['identity.entity.aliases.userpass_1.name', 'bob'],
    ['identity.entity.aliases.userpass_1.metadata', { foo: 'abc' }],
    ['identity.entity.aliases.userpass_1.metadata.foo', 'abc'],
    ['identity.entity.aliases.userpass_1.custom_metadata', { team: 'blue' }],
    ['identity.entity.aliases.userpass_1.custom_metadata.team', 'blue'],
    ['identity.entity.aliases.none.name', ''],
    ['identity.entity.aliases.none.metadata', {}],
    ['identity.entity.aliases.none.metadata.foo', ''],
    ['time.now', 1_700_000_000],
    ['time.now.plus.1h', 1_700_003_600],
    ['time.now.minus.90s', 1_699_999_910],
  ]
  for (const [selector, value] of rows) {
    test(`${selector} is a whole value`, () => {
      const rendered = json(`{"claim": {{ ${selector} }}}`)
      assert.ok(rendered.kind === 'text')
      assert.deepEqual(JSON.parse(rendered.text), { claim: value })
    })
  }

  for (const selector of [
    'identity.entity',
    'identity.entity.custom_metadata.x',
    'identity.entity.aliases.userpass_1',
    'identity.entity.groups',
    'identity.entity.groups.ids.x',
    'identity.groups.names.ops.id',
    'time.now.plus',
    'time.now.times.2h',
    'time.now.plus.soon',
    'foo',
    '',
  ]) {
    test(`{{${selector}}} has no value`, () => {
      assert.deepEqual(json(`{"claim": {{${selector}}}}`), { kind: 'absent', selector })
    })
  }

  test('nobody has no values', () => {
    assert.equal(json('{{identity.entity.id}}', { entity: undefined, groups: [] }).kind, 'absent')
  })

  test('unbalanced braces are no template', () => {
    for (const text of ['{{', '}}', '{{a', 'a}}', '{{a}}}}', '{{a{{b}}'])
      assert.equal(parseIdentityTemplate(text), undefined, text)
  })
})
