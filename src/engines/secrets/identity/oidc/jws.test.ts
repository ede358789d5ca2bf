import assert from 'node:assert/strict'
import { createHmac, createPublicKey, secureHeapUsed } from 'node:crypto'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { stringify } from '../../../../lib/json/index.ts'
import { algorithmNames, generatePair, type PublicJwk } from './algorithms.ts'
import { jwks } from './jwks.ts'
import { hashClaim, signCompact, verifyCompact } from './jws.ts'

const CLAIMS = '{"iss":"https://a","sub":"e","n":12345678901234567890}'
const verifier = (keys: readonly PublicJwk[]) => createLocalJWKSet(JSON.parse(stringify(jwks(keys))))
const base64url = (text: string) => Buffer.from(text).toString('base64url')

for (const alg of algorithmNames) {
  test(`${alg}: what is signed here is verified here and by another implementation, with what is published`, async () => {
    const pair = await generatePair(alg)
    const token = signCompact(CLAIMS, pair)
    const { payload, protectedHeader } = await jwtVerify(token, verifier([pair.public]), { algorithms: [alg] })
    assert.equal(payload.sub, 'e')
    assert.deepEqual(protectedHeader, { alg, kid: pair.public.kid })
    const verified = verifyCompact(token, [pair.public])
    assert.equal(verified.kind === 'signed' && verified.claims.get('n')?.text, '12345678901234567890')
    const [head, , signature] = token.split('.')
    assert.equal(verifyCompact(`${head}.${base64url('{"sub":"f"}')}.${signature}`, [pair.public]).kind, 'unsigned')
  })
}

test('what is published has no private half', async () => {
  for (const alg of algorithmNames) {
    const pair = await generatePair(alg)
    const published: Record<string, unknown> = JSON.parse(stringify(jwks([pair.public]))).keys[0]
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(published[name], undefined)
    assert.deepEqual([published['use'], published['alg'], published['kid']], ['sig', alg, pair.public.kid])
  }
})

test('the algorithm is the key’s: none, a shared secret and another one are refused', async () => {
  const pair = await generatePair('RS256')
  const other = await generatePair('ES256')
  const keys = [pair.public, other.public]
  const { kid } = pair.public
  const forged = (header: object, sign: (input: string) => string) => {
    const input = `${base64url(JSON.stringify(header))}.${base64url(CLAIMS)}`
    return verifyCompact(`${input}.${sign(input)}`, keys).kind
  }
  assert.equal(verifyCompact(`${base64url('{"alg":"none"}')}.${base64url(CLAIMS)}.`, keys).kind, 'malformed')
  assert.equal(
    forged({ alg: 'none', kid }, () => 'AA'),
    'malformed',
  )
  const jwk = Object.fromEntries(pair.public.parameters)
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const hmac = (input: string) => createHmac('sha256', pem).update(input).digest('base64url')
  assert.equal(forged({ alg: 'HS256', kid }, hmac), 'malformed')
  assert.equal(forged({ alg: 'RS256', kid }, hmac), 'unsigned')
  // Signed by a key that is published, under the name of another.
  const [head = '', payload = '', signature = ''] = signCompact(CLAIMS, other).split('.')
  assert.equal(verifyCompact(`${head}.${payload}.${signature}`, keys).kind, 'signed')
  assert.equal(
    forged({ alg: 'ES256', kid }, () => signature),
    'unsigned',
  )
  assert.equal(
    forged({ alg: 'RS384', kid }, () => signature),
    'unsigned',
  )
  assert.equal(
    forged({ alg: 'ES256', kid: other.public.kid, crit: ['b64'], b64: false }, () => signature),
    'malformed',
  )
  assert.equal(
    forged({ alg: 'ES256', kid: '../signing' }, () => signature),
    'unsigned',
  )
  assert.equal(
    forged({ alg: 'ES256', kid: ['x'] }, () => signature),
    'unsigned',
  )
  // A key that the token brings along is none.
  assert.equal(
    forged({ alg: 'ES256', jwk: Object.fromEntries(other.public.parameters) }, () => signature),
    'unsigned',
  )
})

test('what is no token', () => {
  for (const text of [
    '',
    'a',
    'a.b',
    'a.b.c.d',
    '..',
    'é.é.é',
    `${base64url('[]')}.a.a`,
    `${base64url('{')}.a.a`,
    'a'.repeat(2 ** 21),
  ])
    assert.equal(verifyCompact(text, []).kind, 'malformed', text.slice(0, 20))
})

test('the left half of a hash binds an access token to an ID token', () => {
  // OpenID Connect Core 1.0, appendix A.3 and A.4.
  assert.equal(hashClaim('RS256', 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y'), '77QmUPtjPfzWtF2AnpK9RQ')
  assert.equal(
    hashClaim('ES256', 'Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk'),
    'LDktKdoQak3Pk0cnXxCltA',
  )
  assert.equal(Buffer.from(hashClaim('EdDSA', 'x'), 'base64url').length, 32)
})

test('signing holds nothing of the locked heap that keys are in, however often', async () => {
  for (const alg of ['RS256', 'ES512', 'EdDSA'] as const) {
    const pair = await generatePair(alg)
    const held: number[] = []
    for (let i = 0; i < 200; i++) {
      signCompact(CLAIMS, pair)
      held.push(secureHeapUsed()?.used ?? 0)
    }
    // Less where something else was collected meanwhile.
    assert.equal(Math.max(...held), held[0], alg)
  }
})
