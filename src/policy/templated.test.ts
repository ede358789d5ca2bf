import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { IdentityFacts } from '../lib/identity-template.ts'
import type { DroppedRule } from './index.ts'
import { compileAcl, parsePolicy } from './index.ts'

const context = (scope: string): IdentityFacts => ({
  entity: {
    id: 'e-1',
    name: 'bob.smith@example.com',
    metadata: new Map([
      ['scope', scope],
      ['a.b', 'dotted'],
    ]),
    aliases: [
      {
        mountAccessor: 'userpass_1',
        id: 'a-1',
        name: 'bob',
        metadata: new Map([['scope', scope]]),
        customMetadata: new Map([['team', 'blue']]),
      },
      {
        mountAccessor: 'ldap_1',
        id: 'a-2',
        name: 'robert',
        metadata: new Map([['scope', 'other']]),
        customMetadata: new Map(),
      },
      { mountAccessor: 'twice', id: 'a-3', name: 'x', metadata: new Map(), customMetadata: new Map() },
      { mountAccessor: 'twice', id: 'a-4', name: 'y', metadata: new Map(), customMetadata: new Map() },
    ],
  },
  groups: [
    { id: 'g-1', name: 'ops', namespaceId: 'root', metadata: new Map([['region', 'eu']]) },
    { id: 'g-2', name: 'ops', namespaceId: 'other', metadata: new Map([['region', 'us']]) },
  ],
})

function compile(text: string, template?: IdentityFacts) {
  const dropped: DroppedRule[] = []
  const acl = compileAcl([parsePolicy('t', text)], {
    ...(template === undefined ? {} : { template }),
    onDropped: (rule) => dropped.push(rule),
  })
  return { dropped, reads: (path: string) => acl.check({ operation: 'read', path }).allowed }
}
const read = (path: string): string => `path "${path}" { capabilities = ["read"] }\n`

describe('a templated path', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['identity.entity.id', 'e-1'],
    ['identity.entity.name', 'bob.smith@example.com'],
    [' identity.entity.metadata.scope ', 'a-b_1'],
    ['identity.entity.metadata.a.b', 'dotted'],
    ['identity.entity.aliases.userpass_1.id', 'a-1'],
    ['identity.entity.aliases.ldap_1.name', 'robert'],
    ['identity.entity.aliases.ldap_1.metadata.scope', 'other'],
    ['identity.entity.aliases.userpass_1.custom_metadata.team', 'blue'],
    ['identity.groups.ids.g-2.name', 'ops'],
    ['identity.groups.names.ops.id', 'g-1'],
    ['identity.groups.names.ops.metadata.region', 'eu'],
    ['identity.groups.ids.g-2.metadata.region', 'us'],
  ]
  for (const [selector, value] of rows) {
    it(`fills in ${selector.trim()}`, () => {
      const { reads, dropped } = compile(read(`secret/{{${selector}}}/*`), context('a-b_1'))
      assert.equal(reads(`secret/${value}/x`), true)
      assert.equal(reads('secret/zzz/x'), false)
      assert.deepEqual(dropped, [])
    })
  }

  const absent = [
    'identity.entity.metadata.none',
    'identity.entity.metadata.__proto__',
    'identity.entity.metadata.constructor',
    'identity.entity.metadata',
    'identity.entity.aliases.none.id',
    'identity.entity.aliases.twice.name',
    'identity.entity.aliases.userpass_1',
    'identity.groups.names.none.id',
    'identity.groups.ids.ops.id',
    'identity.entity',
    'foo',
    '',
    'identity.entity.id.x',
    'time.now',
  ]
  for (const selector of absent) {
    it(`grants nothing for {{${selector}}}, which nobody has`, () => {
      const { reads, dropped } = compile(read(`secret/{{${selector}}}/*`), context('a'))
      assert.equal(dropped[0]?.why, 'absent')
      for (const path of [
        'secret/x',
        'secret//x',
        'secret/undefined/x',
        'secret/[object Object]/x',
        `secret/{{${selector}}}/x`,
      ])
        assert.equal(reads(path), false)
    })
  }

  it('grants nothing to a token without an entity', () => {
    assert.equal(compile(read('identity/entity/id/{{identity.entity.id}}')).dropped[0]?.why, 'absent')
  })

  const unsafe = [
    'a/b',
    '+',
    '*',
    '',
    '.',
    '..',
    '%2f',
    '\n} path "*" {',
    '{{x}}',
    '}',
    'a*',
    'a+b',
    'a\\b',
    'a\0',
    'a\u202eb',
    '\ud800',
    'é'.repeat(300),
  ]
  for (const value of unsafe) {
    it(`drops the rule for the value ${JSON.stringify(value.slice(0, 20))}`, () => {
      const { reads, dropped } = compile(
        read('secret/data/{{identity.entity.aliases.userpass_1.metadata.scope}}/*'),
        context(value),
      )
      assert.equal(dropped[0]?.why, 'unsafe')
      assert.equal(dropped[0].selector, 'identity.entity.aliases.userpass_1.metadata.scope')
      for (const path of ['secret/data/a/b/x', 'secret/data/x/y', `secret/data/${value}/x`, 'secret/data//x'])
        assert.equal(reads(path), false)
    })
  }

  it('does not let two harmless values make dots', () => {
    assert.equal(compile(read('secret/.{{identity.entity.metadata.scope}}'), context('x')).reads('secret/.x'), true)
    const dots: IdentityFacts = {
      entity: { id: 'x', name: 'y', metadata: new Map([['d', '.']]), aliases: [] },
      groups: [],
    }
    assert.equal(
      compile(read('secret/{{identity.entity.metadata.d}}{{identity.entity.metadata.d}}/x'), dots).dropped.length,
      1,
    )
  })

  it('keeps a deny whose subject has an odd name, over all it might have meant', () => {
    const text = `${read('secret/*')}path "secret/{{identity.entity.metadata.scope}}/private" { capabilities = ["deny"] }`
    assert.equal(compile(text, context('team')).reads('secret/team/private'), false)
    assert.equal(compile(text, context('team')).reads('secret/team/public'), true)
    assert.equal(compile(text, context('*')).reads('secret/team/private'), false)
  })

  it('decides as the same rules without templates would, whatever shares the policies', () => {
    const place = fc.constantFrom('secret/a', 'secret/a/*', 'secret/*', 'secret/+/x', 'secret/A', '*', 'secret/a/x')
    const templated = fc.constantFrom(
      'secret/{{identity.entity.metadata.scope}}',
      'secret/{{identity.entity.metadata.scope}}/*',
      'secret/+/{{identity.entity.metadata.scope}}',
      '{{identity.entity.metadata.scope}}/*',
    )
    const grants = fc.constantFrom('"read"', '"deny"', '"update", "list"', '"sudo", "create"')
    const rules = (path: fc.Arbitrary<string>) => fc.array(fc.tuple(path, grants), { maxLength: 4 })
    fc.assert(
      fc.property(rules(place), rules(templated), fc.constantFrom('a', 'A', 'x', 'secret'), (shared, own, scope) => {
        const text = (of: readonly (readonly [string, string])[]) =>
          of.map(([path, what]) => `path "${path}" { capabilities = [${what}] }`)
        const whole = [...text(shared), ...text(own)]
        const policies = (lines: readonly string[]) => lines.map((line, i) => parsePolicy(`p${i}`, line))
        const layered = compileAcl(policies(whole), { template: context(scope) })
        const filled = whole.map((line) => line.replace('{{identity.entity.metadata.scope}}', scope))
        const flat = compileAcl(policies(filled))
        for (const path of ['secret/a', 'secret/A', 'secret/a/x', 'secret/x/a', 'secret/x/', 'secret/a/', 'a/b', 'x']) {
          assert.deepEqual(layered.capabilities(path), flat.capabilities(path), path)
          for (const operation of ['read', 'list', 'update'] as const) {
            const [got, want] = [layered.check({ operation, path }), flat.check({ operation, path })]
            assert.deepEqual([got.allowed, got.sudo], [want.allowed, want.sudo], path)
            // Of two denials of one name, spelled differently, it does not matter which is told of.
            assert.equal(got.rule?.toLowerCase(), want.rule?.toLowerCase(), path)
          }
        }
      }),
      { numRuns: 1500 },
    )
  })

  describe('in a namespace above one that is called like the holder', () => {
    const child = { id: 'n-1', path: 'bob/' }
    const named = context('bob')
    const SELECTOR = '{{identity.entity.metadata.scope}}'
    const allowed = (text: string, path = 'kv/x') =>
      compileAcl([parsePolicy('t', text)], { template: named }).check({ operation: 'read', path, namespace: child })
        .allowed

    it('grants nothing there, whatever its form', () => {
      for (const rest of ['/kv/x', '/kv/*', '/+/x', '/*']) assert.equal(allowed(read(SELECTOR + rest)), false, rest)
      assert.equal(allowed(read('{{identity.entity.aliases.userpass_1.name}}/kv/x')), false)
    })

    it('still grants what it says in its own namespace', () => {
      const acl = compileAcl([parsePolicy('t', read(`${SELECTOR}/kv/*`))], { template: named })
      assert.equal(acl.check({ operation: 'read', path: 'bob/kv/x' }).allowed, true)
    })

    it('takes nothing from a rule that names that namespace itself', () => {
      for (const rest of ['/kv/x', '/kv/*', '/kv/+']) {
        const rule = `path "${SELECTOR}${rest}" { capabilities = ["list"] }\n`
        assert.equal(allowed(rule + read(`bob${rest}`)), true, rest)
        assert.equal(allowed(read(`bob${rest}`) + rule), true, rest)
      }
      const both = read('bob/kv/x') + `path "${SELECTOR}/kv/x" { capabilities = ["update"] }`
      const acl = compileAcl([parsePolicy('t', both)], { template: named })
      assert.deepEqual(acl.capabilities('kv/x', child), ['read'])
      assert.deepEqual(acl.capabilities('bob/kv/x'), ['read', 'update'])
    })

    it('grants there what it names before its template', () => {
      assert.equal(allowed(read(`bob/kv/${SELECTOR}`), 'kv/bob'), true)
    })

    it('denies there as everywhere', () => {
      const deny = `path "${SELECTOR}/kv/x" { capabilities = ["deny"] }\n`
      assert.equal(allowed(deny + read('bob/kv/x')), false)
      assert.equal(allowed(deny + read('bob/kv/*')), false)
    })
  })

  it('only ever reaches below its own segment, whatever the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.webPath(), (value, path) => {
        const { reads } = compile(read('secret/{{identity.entity.metadata.scope}}/*'), context(value))
        const target = path.slice(1)
        if (reads(target)) assert.ok(target.startsWith(`secret/${value}/`) && !value.includes('/') && value !== '')
      }),
    )
  })
})
