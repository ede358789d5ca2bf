import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileAcl, parsePolicy } from './index.ts'

/** The documentation's rules, each as a sentence of code: slow, and plainly what it says. */
interface Rule {
  readonly path: string
  readonly capabilities: readonly string[]
}

const OPERATIONS = ['create', 'read', 'update', 'patch', 'delete', 'list', 'scan'] as const

/** "`*` matches any suffix; `+` matches the characters of one segment." */
function matches(rule: string, path: string): boolean {
  const glob = rule.endsWith('*')
  const wanted = (glob ? rule.slice(0, -1) : rule).split('/')
  const given = path.split('/')
  return glob
    ? matchesPrefix(wanted, given)
    : wanted.length === given.length && wanted.every((part, i) => part === '+' || part === given[i])
}

function matchesPrefix(wanted: readonly string[], given: readonly string[]): boolean {
  const [part, ...rest] = wanted
  const [first, ...others] = given
  if (part === undefined || first === undefined) return false
  if (rest.length === 0) return part === '+' || first.startsWith(part)
  return (part === '+' || part === first) && matchesPrefix(rest, others)
}

/** Each of the five criteria in turn; the first that tells two rules apart decides. */
function isLower(p1: string, p2: string): boolean {
  const first = (path: string): number => {
    const at = `/${path}/`.indexOf('/+/')
    const star = path.endsWith('*') ? path.length - 1 : Number.POSITIVE_INFINITY
    return Math.min(at < 0 ? Number.POSITIVE_INFINITY : at, star)
  }
  const plusses = (path: string): number =>
    path
      .replace(/\*$/, '')
      .split('/')
      .filter((part) => part === '+').length
  const bare = (path: string): string => path.replace(/\*$/, '')
  if (first(p1) !== first(p2)) return first(p1) < first(p2)
  if (p1.endsWith('*') !== p2.endsWith('*')) return p1.endsWith('*')
  if (plusses(p1) !== plusses(p2)) return plusses(p1) > plusses(p2)
  if (bare(p1).length !== bare(p2).length) return bare(p1).length < bare(p2).length
  return bare(p1) < bare(p2)
}

/** "An exact match, else the highest-priority match; a list also tries the path without its slash; same patterns are merged, deny wins." */
function model(rules: readonly Rule[], operation: string, path: string): boolean {
  const isList = operation === 'list' || operation === 'scan'
  const spellings = isList && path.endsWith('/') ? [path, path.slice(0, -1)] : [path]
  const isWild = (rule: Rule): boolean => rule.path.endsWith('*') || rule.path.split('/').includes('+')
  const winners = [
    ...spellings.map((spelling) => rules.find((rule) => !isWild(rule) && rule.path === spelling)),
    ...spellings.map((spelling) => {
      const found = rules.filter((rule) => isWild(rule) && matches(rule.path, spelling))
      return found.reduce<Rule | undefined>(
        (best, rule) => (best === undefined || isLower(best.path, rule.path) ? rule : best),
        undefined,
      )
    }),
  ]
  const winner = winners.find((rule) => rule !== undefined)
  if (winner === undefined) return false
  const granted = rules.filter((rule) => rule.path === winner.path).flatMap((rule) => rule.capabilities)
  return granted.includes(operation) && !granted.includes('deny')
}

const segment = fc.constantFrom('a', 'b', 'ab', '+', 'sys')
const rulePath = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '', '/', '*', '/*'))
  .map(([parts, end]) => (parts.at(-1) === '+' && end === '*' ? `${parts.join('/')}/*` : parts.join('/') + end))
const rule: fc.Arbitrary<Rule> = fc.record({
  path: rulePath,
  capabilities: fc.oneof({ weight: 4, arbitrary: fc.subarray([...OPERATIONS, 'sudo']) }, fc.constant(['deny'])),
})
const requestPath = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'ab', 'abc', 'sys', 'c'), { minLength: 1, maxLength: 5 }),
    fc.constantFrom('', '', '/'),
  )
  .map(([parts, end]) => parts.join('/') + end)
const triple = fc.tuple(
  fc.array(fc.array(rule, { minLength: 1, maxLength: 5 }), { maxLength: 3 }),
  requestPath,
  fc.constantFrom(...OPERATIONS),
)

const textOf = (rules: readonly Rule[]): string =>
  rules.map(({ path, capabilities }) => `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }`).join('\n')
const compile = (policies: readonly (readonly Rule[])[]) =>
  compileAcl(policies.map((rules, i) => parsePolicy(`p${i}`, textOf(rules))))

describe('an ACL', () => {
  it('decides as a model written from the documentation', () => {
    fc.assert(
      fc.property(triple, ([policies, path, operation]) => {
        assert.equal(compile(policies).check({ operation, path }).allowed, model(policies.flat(), operation, path))
      }),
      { numRuns: 10_000 },
    )
  })

  it('names as capabilities just what it allows', () => {
    fc.assert(
      fc.property(triple, ([policies, path, operation]) => {
        const acl = compile(policies)
        const names = acl.capabilities(path)
        const decision = acl.check({ operation, path })
        assert.equal(names.includes(operation), decision.allowed)
        assert.ok(names.length > 0 && (!names.includes('deny') || names.length === 1))
      }),
      { numRuns: 10_000 },
    )
  })

  it('does not depend on the order of policies and rules', () => {
    fc.assert(
      fc.property(triple, ([policies, path, operation]) => {
        const reversed = policies.toReversed().map((rules) => rules.toReversed())
        const one = compile(policies).check({ operation, path })
        const other = compile(reversed).check({ operation, path })
        assert.deepEqual([one.allowed, one.sudo, one.rule], [other.allowed, other.sudo, other.rule])
      }),
      { numRuns: 2000 },
    )
  })

  it('grants nothing more when a deny is added', () => {
    fc.assert(
      fc.property(triple, rulePath, ([policies, path, operation], denied) => {
        const before = compile(policies).check({ operation, path }).allowed
        const after = compile([...policies, [{ path: denied, capabilities: ['deny'] }]]).check({
          operation,
          path,
        }).allowed
        assert.ok(before || !after)
      }),
      { numRuns: 2000 },
    )
  })
})
