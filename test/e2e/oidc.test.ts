/** Clients log people in: a relying party of another make, and another implementation of JWTs, against a running server. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  discovery,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type ClientAuth,
  type Configuration,
} from 'openid-client'
import { until } from '../support/callers.ts'
import { startCluster } from '../support/cluster.ts'
import { request } from '../support/http.ts'
import { at, textAt } from '../support/json.ts'
import {
  authorize,
  call,
  exchange,
  expectOk,
  oidcClient,
  person,
  type OidcClient,
  type Person,
} from '../support/oidc.ts'
import { clusterStanza, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startServer, type TestServer } from '../support/server.ts'

const CALLBACK = 'https://app.example/cb'

suite('OpenID Connect', () => {
  let server: TestServer
  let bob: Person
  let confidential: OidcClient
  before(async () => {
    server = await startServer({ config: 'serving_threads = 2' })
    bob = await person(server, 'bob')
    const set = (path: string, body: object) => expectOk(call(server, 'POST', path, body))
    await set(`identity/entity/id/${bob.entityId}`, { name: 'bob', metadata: { email: 'bob@a.example' } })
    await set('identity/group', { name: 'builders', member_entity_ids: [bob.entityId] })
    await set('identity/oidc/scope/profile', {
      template: '{"username": {{identity.entity.name}}, "contact": {"email": {{identity.entity.metadata.email}} } }',
    })
    await set('identity/oidc/scope/groups', { template: '{"groups": {{identity.entity.groups.names}} }' })
    await set('identity/oidc/provider/default', { scopes_supported: ['profile', 'groups'] })
    confidential = await oidcClient(server, 'app', { redirect_uris: [CALLBACK] })
  })
  after(() => server[Symbol.asyncDispose]())

  const found = (client: OidcClient, auth: ClientAuth, algorithm = 'RS256'): Promise<Configuration> =>
    discovery(
      new URL(`${server.address}/v1/identity/oidc/provider/default`),
      client.id,
      { id_token_signed_response_alg: algorithm },
      auth,
      { execute: [allowInsecureRequests] },
    )

  const logIn = async (
    config: Configuration,
    redirect: string,
    holder: Person,
    more: Readonly<Record<string, string>> = {},
  ) => {
    const verifier = randomPKCECodeVerifier()
    const [state, nonce] = [randomState(), randomNonce()]
    const sent = buildAuthorizationUrl(config, {
      redirect_uri: redirect,
      scope: 'openid profile groups unknown',
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...more,
    })
    const back = await authorize(server, sent, holder.token)
    const maxAge = more['max_age'] === undefined ? {} : { maxAge: Number(more['max_age']) }
    return authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
      ...maxAge,
    })
  }

  for (const [name, auth] of [
    ['basic', ClientSecretBasic],
    ['post', ClientSecretPost],
  ] as const) {
    test(`a confidential client with its secret by ${name}`, async () => {
      const config = await found(confidential, auth(confidential.secret))
      const tokens = await logIn(config, CALLBACK, bob, { max_age: '300' })
      const claims = tokens.claims()
      assert.equal(claims?.sub, bob.entityId)
      assert.equal(claims.aud, confidential.id)
      assert.equal(claims['username'], 'bob')
      assert.deepEqual(claims['groups'], ['builders'])
      assert.equal(typeof claims.auth_time, 'number')
      const info = await fetchUserInfo(config, tokens.access_token, bob.entityId)
      assert.deepEqual(info, {
        sub: bob.entityId,
        username: 'bob',
        contact: { email: 'bob@a.example' },
        groups: ['builders'],
      })
    })
  }

  test('a public client with PKCE, back at a port of the moment', async () => {
    const client = await oidcClient(server, 'cli', { redirect_uris: ['http://127.0.0.1/cb'], client_type: 'public' })
    assert.equal(client.secret, '')
    const config = await found(client, None())
    const tokens = await logIn(config, 'http://127.0.0.1:43210/cb', bob)
    assert.equal(tokens.claims()?.sub, bob.entityId)
  })

  test('ID tokens stay verifiable over rotations, in every algorithm', async () => {
    for (const algorithm of ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA']) {
      const name = algorithm.toLowerCase()
      await call(server, 'POST', `identity/oidc/key/${name}`, { algorithm, allowed_client_ids: '*' })
      const client = await oidcClient(server, name, { redirect_uris: [CALLBACK], key: name })
      const config = await found(client, ClientSecretPost(client.secret), algorithm)
      const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ''))
      const verify = { issuer: config.serverMetadata().issuer, audience: client.id, algorithms: [algorithm] }
      const first = (await logIn(config, CALLBACK, bob)).id_token ?? ''
      await jwtVerify(first, keys, verify)
      // Fetched before the rotation, and asked for nothing since: the next key was there already.
      const published = JSON.parse(JSON.stringify(keys.jwks()))
      await call(server, 'POST', `identity/oidc/key/${name}/rotate`)
      const second = (await logIn(config, CALLBACK, bob)).id_token ?? ''
      assert.notEqual(decodeProtectedHeader(second).kid, decodeProtectedHeader(first).kid)
      await jwtVerify(second, keys, verify)
      assert.deepEqual(JSON.parse(JSON.stringify(keys.jwks())), published)
      const now = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ''))
      await jwtVerify(first, now, verify)
      await call(server, 'POST', `identity/oidc/key/${name}/rotate`, { verification_ttl: 0 })
      const later = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ''))
      await jwtVerify(first, later, verify)
      await assert.rejects(jwtVerify(second, later, verify), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
    }
  })

  test('a log-in that is too old is asked for again', async () => {
    const config = await found(confidential, ClientSecretPost(confidential.secret))
    const old = await person(server, 'old')
    for (let waited = 0; waited < 200; waited++) {
      const sent = buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid', state: 's', max_age: '1' })
      const back = await authorize(server, sent, old.token)
      if (back.searchParams.get('error') === 'max_age_violation') return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.fail('it was never too old')
  })
})

test(
  'nodes that share a storage name one issuer, and a code outlives the leader who gave it',
  { skip: withoutPostgres() },
  async () => {
    await using postgres = await startPostgres()
    const stanza = clusterStanza(postgres.url())
    await using cluster = await startCluster(2, stanza)
    const leader = await cluster.leader()
    const [standby] = await cluster.others()
    assert.ok(standby !== undefined)
    const bob = await person(leader, 'bob')
    const client = await oidcClient(leader, 'app', { redirect_uris: [CALLBACK] })
    const provider = 'identity/oidc/provider/default'
    const issuer = (node: TestServer) => `${node.address}/v1/${provider}`
    const publishes = (wanted: string) =>
      until('every node names the leader', async () => {
        const up = cluster.nodes.filter((node) => node.child.exitCode === null && node.child.signalCode === null)
        const told = await Promise.all(
          up.map((node) => request(node.address, 'GET', `/v1/${provider}/.well-known/openid-configuration`)),
        )
        return told.every(({ json }) => at(json, 'issuer') === wanted) ? true : undefined
      })
    await publishes(issuer(leader))
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.id,
      redirect_uri: CALLBACK,
      scope: 'openid',
    })
    const codeFrom = async (node: TestServer) =>
      textAt(
        (await request(node.address, 'GET', `/v1/${provider}/authorize?${query.toString()}`, { token: bob.token }))
          .json,
        'code',
      )
    const redeem = (node: TestServer, code: string) =>
      exchange(node, 'default', { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }, client)
    const keysOf = (node: TestServer) => createRemoteJWKSet(new URL(`${node.address}/v1/${provider}/.well-known/keys`))

    const tokens = await redeem(standby, await codeFrom(standby))
    assert.equal(tokens.status, 200, tokens.text)
    await jwtVerify(textAt(tokens.json, 'id_token'), keysOf(standby), { issuer: issuer(leader), audience: client.id })
    const claims = (node: TestServer) =>
      request(node.address, 'GET', `/v1/${provider}/userinfo`, {
        headers: { Authorization: `Bearer ${textAt(tokens.json, 'access_token')}` },
      })
    assert.deepEqual((await claims(standby)).json, { sub: bob.entityId })

    const code = await codeFrom(leader)
    await leader.kill()
    await cluster.leader([standby])
    await publishes(issuer(standby))
    const later = await redeem(standby, code)
    assert.equal(later.status, 200, later.text)
    await jwtVerify(textAt(later.json, 'id_token'), keysOf(standby), { issuer: issuer(standby), audience: client.id })
    assert.equal((await redeem(standby, code)).status, 400)
    assert.deepEqual((await claims(standby)).json, { sub: bob.entityId })
  },
)
