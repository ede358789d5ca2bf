import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usernameOf } from './username.ts'

const alias = {
  mountAccessor: 'auth_userpass_1',
  id: 'a',
  name: 'bob+work',
  metadata: new Map<string, string>(),
  customMetadata: new Map<string, string>(),
}
const facts = {
  entity: { id: 'e', name: 'Bob "B" O\'Hara', metadata: new Map([['mail', 'bob@acme.example']]), aliases: [alias] },
  groups: [],
}

test('a service is asked about the name that the format makes', () => {
  const cases = [
    ['', 'Bob "B" O\'Hara'],
    ['{{identity.entity.name}}@x', 'Bob "B" O\'Hara@x'],
    ['{{ identity.entity.metadata.mail }}', 'bob@acme.example'],
    ['{{identity.entity.aliases.auth_userpass_1.name}}@acme.example', 'bob+work@acme.example'],
    ['fixed', 'fixed'],
  ] as const
  for (const [format, name] of cases) assert.equal(usernameOf(format, facts, 0), name, format)
})

test('where there is nothing to put in nobody is asked', () => {
  for (const format of [
    '{{identity.entity.metadata.phone}}',
    'x{{identity.entity.aliases.auth_ldap_1.name}}',
    '{{identity.groups.names.a.name}}',
    '{{alias.name}}',
    '{{identity.entity.metadata}}',
    '{{',
  ])
    assert.equal(usernameOf(format, facts, 0), undefined, format)
  assert.equal(usernameOf('{{identity.entity.name}}', { entity: undefined, groups: [] }, 0), undefined)
})
