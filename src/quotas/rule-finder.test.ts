import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { RuleFinder, type Spot } from './rule-finder.ts'
import type { LeaseCountRule } from './rule.ts'
import { leaseCountRule } from './testdata/rules.ts'

const rule = (name: string, more: Partial<LeaseCountRule>): LeaseCountRule => leaseCountRule(name, 1, more)

const team = { id: 'T', path: 'team/' }
const inner = { id: 'I', path: 'team/inner/' }
const rules = [
  rule('global', { inheritable: true }),
  rule('team', { namespaceId: 'T', namespacePath: 'team/' }),
  rule('mount', { namespaceId: 'T', namespacePath: 'team/', mountUuid: 'm' }),
  rule('folder', { namespaceId: 'T', namespacePath: 'team/', mountUuid: 'm', suffix: 'data/*' }),
  rule('longer', { namespaceId: 'T', namespacePath: 'team/', mountUuid: 'm', suffix: 'data/app*' }),
  rule('path', { namespaceId: 'T', namespacePath: 'team/', mountUuid: 'm', suffix: 'data/app' }),
  rule('role', { namespaceId: 'T', namespacePath: 'team/', mountUuid: 'm', role: 'web' }),
]
const finder = new RuleFinder(rules)
const found = (spot: Partial<Spot>) =>
  finder.find({ namespace: team, mountUuid: undefined, rest: '', role: undefined, ...spot })?.name

describe('the quota that holds', () => {
  test('is the most specific one', () => {
    assert.equal(found({ mountUuid: 'm', rest: 'data/app', role: 'web' }), 'role')
    assert.equal(found({ mountUuid: 'm', rest: 'data/app', role: 'other' }), 'path')
    assert.equal(found({ mountUuid: 'm', rest: 'data/app/' }), 'path')
    assert.equal(found({ mountUuid: 'm', rest: 'data/app2' }), 'longer')
    assert.equal(found({ mountUuid: 'm', rest: 'data/x/y' }), 'folder')
    assert.equal(found({ mountUuid: 'm', rest: 'metadata/app' }), 'mount')
    assert.equal(found({ mountUuid: 'n', rest: 'data/app' }), 'team')
    assert.equal(found({}), 'team')
  })

  test('is inherited only from a namespace that lets its own be', () => {
    assert.equal(found({ namespace: inner }), 'global')
    assert.equal(found({ namespace: { id: 'root', path: '' } }), 'global')
    const closed = new RuleFinder([rule('global', {})])
    assert.equal(closed.find({ namespace: inner, mountUuid: undefined, rest: '', role: '' }), undefined)
  })

  test('is not that of a namespace that had the same path before', () => {
    assert.equal(found({ namespace: { id: 'another', path: 'team/' } }), 'global')
  })

  test('knows mounts whose quotas are for roles', () => {
    assert.deepEqual([finder.byRole('m'), finder.byRole('n')], [true, false])
  })

  test('is what a look at every quota finds', () => {
    const suffixes = ['', 'a', 'a*', 'ab', 'ab*', 'a/b', 'a/*', '*']
    const scope = fc.record({
      mountUuid: fc.constantFrom('', 'm', 'n'),
      suffix: fc.constantFrom(...suffixes),
      role: fc.constantFrom('', '', 'r'),
      where: fc.constantFrom({ id: 'root', path: '' }, team, inner),
      inheritable: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(scope, { maxLength: 12, selector: (s) => [s.where.id, s.mountUuid, s.suffix, s.role].join() }),
        fc.constantFrom('', 'a', 'ab', 'abc', 'a/b', 'a/b/c/'),
        fc.constantFrom('', 'r', 's'),
        (scopes, rest, role) => {
          const all = scopes
            .filter((s) => (s.mountUuid === '' ? s.suffix === '' && s.role === '' : s.where === team))
            .filter((s) => s.suffix === '' || s.role === '')
            .map((s, i) => rule(String(i), { ...s, namespaceId: s.where.id, namespacePath: s.where.path }))
          for (const namespace of [team, inner]) {
            const mountUuid = namespace === team ? 'm' : undefined
            const spot = { namespace, mountUuid, rest, role }
            assert.equal(new RuleFinder(all).find(spot)?.name, plainly(all, spot)?.name)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

/** The best by its kind, each looked at. */
function plainly(
  all: readonly LeaseCountRule[],
  { namespace, mountUuid, rest, role }: Spot,
): LeaseCountRule | undefined {
  const path = rest.replace(/\/$/, '')
  const worth = (one: LeaseCountRule): number => {
    if (one.mountUuid !== '') {
      if (one.mountUuid !== mountUuid) return 0
      if (one.role !== '') return one.role === role ? 9000 : 0
      if (one.suffix === '') return 3000
      if (!one.suffix.endsWith('*')) return one.suffix === path ? 8000 : 0
      return path.startsWith(one.suffix.slice(0, -1)) ? 4000 + one.suffix.length : 0
    }
    if (one.namespacePath === namespace.path) return 2000
    return one.inheritable && namespace.path.startsWith(one.namespacePath) ? 1000 + one.namespacePath.length : 0
  }
  const best = all.toSorted((a, b) => worth(b) - worth(a))[0]
  return best === undefined || worth(best) === 0 ? undefined : best
}
