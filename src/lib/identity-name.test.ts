import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { aliasKey, foldIdentityName, identityNameProblem, storedName } from './identity-name.ts'

suite('names of identities', () => {
  test('are the same whatever their case, composition and blanks around', () => {
    for (const other of ['bob', 'BOB', ' Bob ', 'bob\t', '\nbOb']) assert.equal(foldIdentityName(other), 'bob')
    assert.equal(foldIdentityName('Zoe\u0308'), foldIdentityName('ZOË'))
    assert.notEqual(foldIdentityName('bo b'), foldIdentityName('bob'))
    assert.equal(aliasKey('BOB '), aliasKey('bob'))
  })

  test('stay one segment of a storage key, and two of them stay two', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        assert.ok(!storedName(a).includes('/'))
        assert.equal(storedName(a) === storedName(b), foldIdentityName(a) === foldIdentityName(b))
      }),
    )
    assert.notEqual(storedName('a/b'), storedName('a%2fb'))
  })

  test('are refused where nothing could be found by them', () => {
    for (const name of ['bob', 'team/eve', 'ключ', '__proto__', 'a'.repeat(512)])
      assert.equal(identityNameProblem(name), undefined, name)
    for (const name of ['', ' ', 'a\nb', 'a\0', '\ud800', 'a'.repeat(513), '/'.repeat(200)])
      assert.notEqual(identityNameProblem(name), undefined, JSON.stringify(name.slice(0, 10)))
  })
})
