/** Codes that work once, tokens that may do nothing else, keys and secrets that nobody sees. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { series } from '../support/callers.ts'
import { composedServer } from '../support/composed.ts'
import { request } from '../support/http.ts'
import { listAt, textAt } from '../support/json.ts'
import { call, exchange, expectOk, oidcClient, person, type OidcClient, type Person } from '../support/oidc.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { SlowDriver } from '../support/slow-driver.ts'

const CALLBACK = 'https://app.example/cb'
const PROVIDER = 'identity/oidc/provider/default'

function authorizeQuery(client: OidcClient, more: Readonly<Record<string, string>> = {}): string {
  const query = { response_type: 'code', client_id: client.id, redirect_uri: CALLBACK, scope: 'openid', ...more }
  return `${PROVIDER}/authorize?${new URLSearchParams(query).toString()}`
}

for (const seed of [1, 2, 3]) {
  test(`a code is redeemed once, by fifty at once (${seed})`, async () => {
    await using server = await composedServer({ around: (driver) => new SlowDriver(driver, series(seed)) })
    await server.call('POST', 'auth/token/roles/people', { allowed_entity_aliases: '*' })
    await server.call('POST', 'sys/policies/acl/p', { policy: 'path "identity/*" { capabilities = ["read"] }' })
    const made = await server.call('POST', 'auth/token/create/people', { entity_alias: 'bob', policies: ['p'] })
    const token = textAt(made.json, 'auth', 'client_token')
    await server.call('POST', 'identity/oidc/client/app', { redirect_uris: CALLBACK, assignments: 'allow_all' })
    const { json } = await server.call('GET', 'identity/oidc/client/app')
    const client = { id: textAt(json, 'data', 'client_id'), secret: textAt(json, 'data', 'client_secret') }
    const asked = await server.call('GET', authorizeQuery(client), undefined, { token })
    const form = {
      grant_type: 'authorization_code',
      code: textAt(asked.json, 'code'),
      redirect_uri: CALLBACK,
      client_id: client.id,
      client_secret: client.secret,
    }
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => server.call('POST', `${PROVIDER}/token`, form, { token: '' })),
    )
    const statuses = answers.map((answer) => answer.status).toSorted((a, b) => a - b)
    assert.deepEqual(statuses, [200, ...Array.from({ length: 49 }, () => 400)])
    for (const answer of answers.filter(({ status }) => status === 400))
      assert.equal(textAt(answer.json, 'error'), 'invalid_grant')
  })
}

suite('a provider', () => {
  let server: TestServer
  let bob: Person
  let app: OidcClient
  before(async () => {
    server = await startServer({ audit: true })
    bob = await person(server, 'bob')
    // What his entity may do, no client of his may.
    await expectOk(
      call(server, 'POST', 'sys/policies/acl/mighty', {
        policy: 'path "*" { capabilities = ["read", "list", "update", "sudo"] }',
      }),
    )
    await expectOk(call(server, 'POST', `identity/entity/id/${bob.entityId}`, { policies: ['mighty'] }))
    app = await oidcClient(server, 'app', { redirect_uris: [CALLBACK] })
  })
  after(() => server[Symbol.asyncDispose]())

  const codeFor = async (client = app, more: Readonly<Record<string, string>> = {}) => {
    const answer = await request(server.address, 'GET', `/v1/${authorizeQuery(client, more)}`, { token: bob.token })
    assert.equal(answer.status, 200, answer.text)
    return textAt(answer.json, 'code')
  }
  const redeem = (code: string, more: Readonly<Record<string, string>> = {}) =>
    exchange(server, 'default', { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, ...more }, app)

  test('an access token reads claims and does nothing else, whatever its holder may', async () => {
    const token = textAt((await redeem(await codeFor())).json, 'access_token')
    const mighty = await request(server.address, 'GET', '/v1/sys/mounts', { token: bob.token })
    assert.equal(mighty.status, 200)
    for (const [method, path] of [
      ['GET', 'sys/mounts'],
      ['GET', 'auth/token/lookup-self'],
      ['POST', 'auth/token/create'],
      ['POST', 'auth/token/renew-self'],
      ['GET', 'identity/oidc/client/app'],
      ['GET', `identity/entity/id/${bob.entityId}`],
      ['GET', 'cubbyhole/a'],
      ['LIST', 'identity/oidc/provider'],
      ['POST', 'sys/wrapping/wrap'],
      ['GET', authorizeQuery(app)],
    ] as const) {
      const answer = await request(server.address, method, `/v1/${path}`, { token })
      assert.equal(answer.status, 403, `${method} ${path}: ${answer.text}`)
    }
    const claims = await request(server.address, 'GET', `/v1/${PROVIDER}/userinfo`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    assert.deepEqual(claims.json, { sub: bob.entityId })
    const shown = await call(server, 'POST', 'auth/token/lookup', { token })
    assert.equal(shown.status, 200, shown.text)
    assert.doesNotMatch(shown.text, /userinfo" \{|scopes/)
    const capabilities = await call(server, 'POST', 'sys/capabilities', {
      token,
      paths: ['sys/mounts', `${PROVIDER}/userinfo`],
    })
    assert.deepEqual(listAt(capabilities.json, 'data', 'sys/mounts'), ['deny'])
    assert.deepEqual(listAt(capabilities.json, 'data', `${PROVIDER}/userinfo`), ['read', 'update'])
  })

  test('other tokens read no claims, nor does an access token in another place', async () => {
    const token = textAt((await redeem(await codeFor())).json, 'access_token')
    for (const headers of [
      {},
      { 'X-Vault-Token': token },
      { 'X-Vault-Token': bob.token },
      { Authorization: `Bearer ${bob.token}` },
      { Authorization: `Bearer ${server.token}` },
      { Authorization: `Bearer ${token}`, 'X-Vault-Token': bob.token },
      { Authorization: `Basic ${token}` },
    ]) {
      const answer = await request(server.address, 'GET', `/v1/${PROVIDER}/userinfo`, { headers })
      assert.equal(answer.status, 401)
      assert.equal(textAt(answer.json, 'error'), 'invalid_token')
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer error="invalid_token"/)
    }
  })

  test('a challenge taken out of the request, or answered with nothing, is noticed', async () => {
    const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    const asked = { code_challenge: challenge, code_challenge_method: 'S256' }
    const error = async (code: string, more: Readonly<Record<string, string>>) => {
      const answer = await redeem(code, more)
      assert.equal(answer.status, 400)
      return textAt(answer.json, 'error')
    }
    assert.equal(await error(await codeFor(app, asked), {}), 'invalid_request')
    assert.equal(await error(await codeFor(app, asked), { code_verifier: '' }), 'invalid_request')
    assert.equal(await error(await codeFor(app, asked), { code_verifier: challenge }), 'invalid_grant')
    // The method is that of the request for the code, whatever is said later.
    assert.equal(
      await error(await codeFor(app, asked), { code_verifier: challenge, code_challenge_method: 'plain' }),
      'invalid_grant',
    )
    assert.equal(
      await error(await codeFor(app, { code_challenge: challenge }), { code_verifier: verifier }),
      'invalid_grant',
    )
    assert.equal(await error(await codeFor(app), { code_verifier: verifier }), 'invalid_request')
    assert.equal((await redeem(await codeFor(app, asked), { code_verifier: verifier })).status, 200)
  })

  test('a redirect is answered in the reply, and no code goes anywhere else', async () => {
    for (const uri of [
      'https://evil.example/cb',
      `${CALLBACK}/`,
      `${CALLBACK}?next=https://evil.example`,
      'javascript:alert(1)',
      '//app.example/cb',
    ]) {
      const answer = await request(server.address, 'GET', `/v1/${authorizeQuery(app, { redirect_uri: uri })}`, {
        token: bob.token,
      })
      assert.equal(answer.status, 400)
      assert.equal(textAt(answer.json, 'error'), 'invalid_redirect_uri')
      assert.equal(answer.headers.location, undefined)
    }
  })

  test('what is published has no private half, and may be kept for a while; tokens may not', async () => {
    await expectOk(call(server, 'POST', 'identity/oidc/role/r', { key: 'default' }))
    for (const path of ['identity/oidc/.well-known/keys', `${PROVIDER}/.well-known/keys`]) {
      const answer = await request(server.address, 'GET', `/v1/${path}`)
      assert.equal(answer.status, 200)
      for (const key of listAt(answer.json, 'keys'))
        assert.deepEqual(Object.keys(Object(key)).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
    }
    const keys = await request(server.address, 'GET', '/v1/identity/oidc/.well-known/keys')
    const age = /^max-age=(\d+)$/.exec(keys.headers['cache-control'] ?? '')?.[1]
    assert.ok(Number(age) < 86_400, String(age))
    for (const path of ['identity/oidc', PROVIDER]) {
      const answer = await request(server.address, 'GET', `/v1/${path}/.well-known/openid-configuration`)
      assert.equal(answer.headers['cache-control'], 'max-age=3600')
    }
    const shown = await call(server, 'GET', 'identity/oidc/key/default')
    assert.doesNotMatch(shown.text, /private|signing|"d"/)
    const redeemed = await redeem(await codeFor())
    assert.deepEqual([redeemed.headers['cache-control'], redeemed.headers['pragma']], ['no-store', 'no-cache'])
    assert.equal((await redeem('nope')).headers['cache-control'], 'no-store')
  })

  test('a client that cannot authenticate is told nothing', async () => {
    const unknown = await exchange(
      server,
      'default',
      { grant_type: 'authorization_code' },
      { id: 'nobody', secret: 'x' },
    )
    const wrong = await exchange(server, 'default', { grant_type: 'authorization_code' }, { id: app.id, secret: 'x' })
    assert.deepEqual([unknown.status, unknown.text], [wrong.status, wrong.text])
    assert.equal(wrong.status, 401)
    assert.equal(wrong.headers['www-authenticate'], 'Basic')
  })

  test('secrets, codes, verifiers and tokens stand in no audit entry', async () => {
    const code = await codeFor()
    const form = { code_verifier: '', client_id: app.id, client_secret: app.secret }
    const inBody = await exchange(server, 'default', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      ...form,
    })
    assert.equal(inBody.status, 200, inBody.text)
    await expectOk(call(server, 'POST', 'identity/oidc/role/r', { key: 'default' }))
    const own = await request(server.address, 'GET', '/v1/identity/oidc/token/r', { token: bob.token })
    const identityToken = textAt(own.json, 'data', 'token')
    await expectOk(call(server, 'POST', 'identity/oidc/introspect', { token: identityToken }))
    const log = readFileSync(server.auditFile, 'utf8')
    assert.match(log, /identity\/oidc\/provider\/default\/token/)
    for (const secret of [
      app.secret,
      code,
      textAt(inBody.json, 'access_token'),
      textAt(inBody.json, 'id_token'),
      identityToken,
    ])
      assert.equal(log.includes(secret), false)
    assert.equal(server.output.includes(app.secret), false)
  })

  test('a form, JSON and the header say the same', async () => {
    const json = await request(server.address, 'POST', `/v1/${PROVIDER}/token`, {
      body: {
        grant_type: 'authorization_code',
        code: await codeFor(),
        redirect_uri: CALLBACK,
        client_id: app.id,
        client_secret: app.secret,
      },
    })
    assert.equal(json.status, 200, json.text)
    const broken = await request(server.address, 'POST', `/v1/${PROVIDER}/token`, {
      bytes: 'grant_type=%zz',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(broken.status, 400)
    assert.deepEqual(broken.json, { errors: ['error parsing form data'] })
  })

  test('an ID token is for its client, and by its issuer', async () => {
    const token = textAt((await redeem(await codeFor(app, { nonce: 'n' }))).json, 'id_token')
    const keys = createRemoteJWKSet(new URL(`${server.address}/v1/${PROVIDER}/.well-known/keys`))
    const issuer = `${server.address}/v1/${PROVIDER}`
    const { payload } = await jwtVerify(token, keys, { issuer, audience: app.id })
    assert.deepEqual(Object.keys(payload).toSorted(), [
      'at_hash',
      'aud',
      'c_hash',
      'exp',
      'iat',
      'iss',
      'namespace',
      'nonce',
      'sub',
    ])
    await assert.rejects(jwtVerify(token, keys, { audience: 'another' }), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' })
  })
})
