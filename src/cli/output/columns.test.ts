import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columns, table } from './columns.ts'

test('columns are as wide as their widest cell and four spaces apart', () => {
  assert.equal(
    columns([
      ['a', 'bbb', 'c'],
      ['aaa', 'b', 'c'],
    ]),
    'a      bbb    c\naaa    b      c',
  )
})

test('an empty cell says n/a, and spaces around a value are not part of it', () => {
  assert.equal(
    table(
      ['Key', 'Value'],
      [
        ['a', ''],
        ['b', ' x\n'],
      ],
    ),
    'Key    Value\n---    -----\na      n/a\nb      x',
  )
})

test('characters count, not bytes or code units', () => {
  assert.equal(
    columns([
      ['é😀', 'x'],
      ['abc', 'y'],
    ]),
    'é😀     x\nabc    y',
  )
})
