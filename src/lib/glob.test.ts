import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { matchAffixGlob, matchGlob } from './glob.ts'

/** The textbook matcher over all split points: slow and plainly right. */
function naive(pattern: string, subject: string): boolean {
  let reachable = new Set([0])
  for (const char of pattern) {
    const next = new Set<number>()
    for (const at of reachable) {
      if (char !== '*') {
        if (subject[at] === char) next.add(at + 1)
      } else for (let to = at; to <= subject.length; to++) next.add(to)
    }
    reachable = next
  }
  return reachable.has(subject.length)
}

describe('matchGlob', () => {
  it('agrees with a naive matcher', () => {
    const text = (alphabet: string) =>
      fc.array(fc.constantFrom(...alphabet), { maxLength: 10 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text('ab*'), text('ab'), (pattern, subject) =>
        assert.equal(matchGlob(pattern, subject), naive(pattern, subject)),
      ),
      { numRuns: 5000 },
    )
  })

  it('does not let head and tail share characters', () => {
    assert.equal(matchGlob('aba*aba', 'aba'), false)
    assert.equal(matchGlob('aba*aba', 'abaaba'), true)
  })

  it('reads a pattern of twenty stars once over its subject', () => {
    assert.equal(matchGlob('*a'.repeat(20) + 'b', 'a'.repeat(10_000)), false)
  })
})

describe('matchAffixGlob', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['a*', 'abc', true],
    ['a*', 'bac', false],
    ['*c', 'abc', true],
    ['*b*', 'abc', true],
    ['*d*', 'abc', false],
    ['**', 'x', true],
    ['*', 'x', false],
    ['*', '*', true],
    ['a*c', 'abc', false],
    ['a*c', 'a*c', true],
    ['', '', true],
    ['a', 'a', true],
    ['A*', 'abc', false],
  ]
  for (const [pattern, subject, matches] of rows) {
    it(`${pattern} ${matches ? 'takes' : 'leaves'} ${subject}`, () =>
      assert.equal(matchAffixGlob(pattern, subject), matches))
  }
})
