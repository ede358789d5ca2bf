import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringify } from '../../../../lib/json/index.ts'
import type { IdentityFacts } from '../../../../lib/identity-template.ts'
import { checkedTemplate, RESERVED, renderClaims, sampleClaims, withClaims } from './claims.ts'

const bob: IdentityFacts = {
  entity: {
    id: 'e-1',
    name: 'bob "the" builder',
    metadata: new Map([['team', '","admin":true,"x":"']]),
    aliases: [],
  },
  groups: [{ id: 'g-1', name: 'dev', namespaceId: 'root', metadata: new Map() }],
}

test('a template is kept as it is, or as what its base64 says', () => {
  const text = '{"name": {{identity.entity.name}}}'
  assert.equal(checkedTemplate(text), text)
  assert.equal(checkedTemplate(Buffer.from(text).toString('base64')), text)
  assert.equal(checkedTemplate(''), '')
  assert.deepEqual([...sampleClaims('{"a": 1, "b": {{identity.entity.groups.names}}}').keys()], ['a', 'b'])
})

test('a template that can make no claims, or those of the protocol, is refused', () => {
  const refused = (template: string, reason: RegExp) =>
    assert.throws(() => checkedTemplate(template), { message: reason })
  refused('{"a": {{identity.entity.name}', /unbalanced templating characters/)
  refused('{"a": {{identity.entity.none}}}', /no value could be found/)
  refused('{"a": {{identity.groups.names.dev.id}}}', /no value could be found/)
  refused('{"a": }', /error parsing template JSON/)
  refused('["a"]', /error parsing template JSON/)
  for (const name of RESERVED) refused(`{"${name}": 1}`, new RegExp(`top level key "${name}" not allowed`))
})

test('what a holder is called is data', () => {
  const rendered = renderClaims(
    '{"n":{{identity.entity.name}},"t":{{identity.entity.metadata.team}},"g":{{identity.entity.groups.names}}}',
    bob,
    0,
  )
  assert.equal(rendered.kind, 'claims')
  const out: unknown = JSON.parse(
    stringify(withClaims(new Map(), rendered.kind === 'claims' ? rendered.claims : new Map())),
  )
  assert.deepEqual(out, { n: 'bob "the" builder', t: '","admin":true,"x":"', g: ['dev'] })
})

test('the protocol’s own claims stay, whatever a template says', () => {
  const rendered = renderClaims('{"sub":"root","email":"a@b","__proto__":1}', bob, 0)
  const claims = rendered.kind === 'claims' ? rendered.claims : new Map()
  const all = withClaims(new Map([['sub', 'e-1']]), claims)
  assert.equal(stringify(all), '{"sub":"e-1","email":"a@b","__proto__":1}')
})

test('times are filled in', () => {
  const rendered = renderClaims('{"nbf": {{time.now.plus.1m}}}', bob, 1_000_000)
  assert.equal(rendered.kind === 'claims' && rendered.claims.get('nbf')?.text, '1060')
})
