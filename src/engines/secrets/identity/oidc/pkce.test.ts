import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersChallenge, challengeMethod, isChallenge } from './pkce.ts'

test('a verifier answers its challenge', () => {
  // RFC 7636, appendix B.
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
  const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
  assert.equal(answersChallenge(verifier, { challenge, method: 'S256' }), true)
  assert.equal(answersChallenge(`${verifier}x`, { challenge, method: 'S256' }), false)
  assert.equal(answersChallenge(challenge, { challenge, method: 'S256' }), false)
  assert.equal(answersChallenge(challenge, { challenge, method: 'plain' }), true)
  assert.equal(answersChallenge(verifier, { challenge, method: 'plain' }), false)
})

test('methods and lengths', () => {
  assert.deepEqual(['', 'plain', 'S256', 's256', 'none'].map(challengeMethod), [
    'plain',
    'plain',
    'S256',
    undefined,
    undefined,
  ])
  assert.deepEqual(
    [42, 43, 128, 129].map((length) => isChallenge('x'.repeat(length))),
    [false, true, true, false],
  )
})
