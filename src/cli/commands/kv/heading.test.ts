import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nullTree } from '../../tree.ts'
import { headingFor } from './heading.ts'

test('a heading is about as wide as its table, with the same number of signs on both sides', () => {
  assert.equal(headingFor('Data', new Map([['foo', nullTree]])), '=== Data ===')
  assert.equal(headingFor('Metadata', new Map([['custom_metadata', nullTree]])), '======= Metadata =======')
  assert.equal(headingFor('Version 10', new Map()), '== Version 10 ==')
})
