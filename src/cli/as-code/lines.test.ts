import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareLines, hunks } from './lines.ts'

const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'))
const linesOf = (whole: string): readonly string[] => (whole === '' ? [] : whole.replace(/\n+$/, '').split('\n'))

describe('compareLines', () => {
  it('gives both texts back, and shares as many lines as it can', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = compareLines(before, after)
        const side = (other: '+' | '-'): readonly string[] =>
          lines.filter(({ mark }) => mark !== other).map((line) => line.text)
        assert.deepEqual(side('+'), linesOf(before))
        assert.deepEqual(side('-'), linesOf(after))
        if (before === after) assert.ok(lines.every(({ mark }) => mark === ' '))
      }),
    )
  })

  it('keeps what changed with its neighbours, and counts the rest', () => {
    const before = ['1', '2', '3', '4', '5', '6', '7'].join('\n')
    assert.deepEqual(
      hunks(compareLines(before, before.replace('4', 'x')), 1).map(({ mark, text: line }) => mark + line),
      [' … 2 lines unchanged', ' 3', '-4', '+x', ' 5', ' … 2 lines unchanged'],
    )
    assert.deepEqual(hunks(compareLines('a', 'a'), 1), [{ mark: ' ', text: '… 1 line unchanged' }])
  })

  it('takes no longer for long texts than they are', () => {
    const long = 'x\n'.repeat(50_000)
    assert.equal(compareLines(long, `${long}y`).length, 100_001)
  })
})
