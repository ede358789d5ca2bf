import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  homeNameIn,
  homeNameOf,
  homeNameOfToken,
  homeOf,
  homeOfTokenKey,
  isTokenKey,
  tokenKeyIn,
  withinHome,
} from './namespace-home.ts'

const HASH = `h${'0a'.repeat(32)}`

test('an id of twelve letters says which home it is in, any other that it is in none', () => {
  for (const id of ['', 'root', 'abc123', 'abcdefg', 'abcdefabcde', 'abcdefabcdefa']) {
    assert.equal(homeNameOf(id), '')
    assert.equal(homeOf(id), '')
  }
  assert.equal(homeNameOf('k3Xw9aBBBBBB'), 'k3Xw9a')
  assert.equal(homeOf('k3Xw9aBBBBBB'), 'ns/k3Xw9a/')
})

test('a storage key says which home it lies in, and what it is called there', () => {
  for (const key of ['core/mounts/x', 'ns', 'nsx/y', 'sys/ns/k3Xw9a/x', '']) {
    assert.equal(homeNameIn(key), '')
    assert.equal(withinHome(key), key)
  }
  assert.equal(homeNameIn('ns/k3Xw9a/core/mounts/x'), 'k3Xw9a')
  assert.equal(withinHome('ns/k3Xw9a/core/mounts/x'), 'core/mounts/x')
})

test('a token says it by its end, unless that is no id', () => {
  assert.equal(homeNameOfToken('hvs.abc.k3Xw9aBBBBBB'), 'k3Xw9a')
  for (const token of ['', 'hvs.abc', 'hvs.abc.abc123', 'hvs.abc.../../BBBBBB', 'k3Xw9aBBBBBB', 'hvs.abc.k3Xw9 BBBBBB'])
    assert.equal(homeNameOfToken(token), '', token)
})

test('so does the key of a token', () => {
  assert.equal(homeOfTokenKey(HASH), '')
  assert.equal(tokenKeyIn('', HASH), HASH)
  const key = tokenKeyIn('k3Xw9a', HASH)
  assert.equal(homeOfTokenKey(key), 'ns/k3Xw9a/')
  assert.ok(isTokenKey(HASH) && isTokenKey(key))
  for (const other of [`${HASH}-k3Xw9`, `${HASH}k3Xw9a`, `x${HASH}`, 'abcdefghijklmnopqrstuvwx'])
    assert.ok(!isTokenKey(other))
})
