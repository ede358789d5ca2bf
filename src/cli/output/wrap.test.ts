import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wrap } from './wrap.ts'

test('lines keep within the limit, indentation included', () => {
  assert.equal(wrap('a bb ccc', 2, 7), '  a bb\n  ccc')
  assert.equal(wrap('toolongword a', 0, 5), 'toolongword\na')
})

/** The least raggedness that any way of breaking has. */
function least(words: readonly string[], limit: number): number {
  let best = Infinity
  for (let breaks = 0; breaks < 2 ** (words.length - 1); breaks++) {
    const lines = [[words[0] ?? '']]
    words.slice(1).forEach((word, i) => {
      if ((breaks >> i) & 1) lines.push([word])
      else lines.at(-1)?.push(word)
    })
    best = Math.min(
      best,
      raggedness(
        lines.map((line) => line.join(' ')),
        limit,
      ),
    )
  }
  return best
}

function raggedness(lines: readonly string[], limit: number): number {
  return lines.reduce((sum, line, i) => {
    const over = line.length > limit && line.includes(' ') ? Infinity : 0
    const penalty = i === lines.length - 1 ? 0 : (limit - line.length) ** 2 + (line.length > limit ? 100_000 : 0)
    return sum + over + penalty
  }, 0)
}

test('the words stay, and no other way of breaking is less ragged', () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/)
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 9 }), fc.integer({ min: 4, max: 20 }), (words, limit) => {
      const lines = wrap(words.join(' '), 0, limit).split('\n')
      assert.deepEqual(lines.join(' ').split(' '), words)
      assert.equal(raggedness(lines, limit), least(words, limit))
    }),
  )
})
