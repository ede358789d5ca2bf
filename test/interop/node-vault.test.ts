/** The npm package `node-vault`, unmodified, against a TLS server. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import createVault from 'node-vault'
import { startServer, type TestServer } from '../support/server.ts'
import { at, textAt } from '../support/json.ts'

describe('node-vault', () => {
  let server: TestServer
  let vault: createVault.client
  let root = ''
  before(async () => {
    server = await startServer({ tls: true, shares: 3, threshold: 2, raw: true })
    vault = createVault({ endpoint: server.address, requestOptions: { ca: readFileSync(server.caFile ?? '') } })
  })
  after(() => server[Symbol.asyncDispose]())

  test('initialises and unseals', async () => {
    assert.equal(at(await vault.initialized(), 'initialized'), false)
    const made: unknown = await vault.init({ secret_shares: 3, secret_threshold: 2 })
    root = textAt(made, 'root_token')
    vault.token = root
    await vault.unseal({ key: textAt(made, 'keys', 0) })
    const status: unknown = await vault.unseal({ key: textAt(made, 'keys', 2) })
    assert.equal(at(status, 'sealed'), false)
    assert.equal(at(await vault.status(), 'sealed'), false)
  })

  test('mounts, writes, reads, lists with the LIST verb, deletes', async () => {
    await vault.mount({ mount_point: 'secret', type: 'kv', options: { version: '2' } })
    await vault.write('secret/data/app/one', { data: { a: 'b' } })
    await vault.write('secret/data/app/two', { data: { a: 'c' } })
    assert.equal(at(await vault.read('secret/data/app/one'), 'data', 'data', 'a'), 'b')
    assert.deepEqual(at(await vault.list('secret/metadata/app'), 'data', 'keys'), ['one', 'two'])
    await vault.delete('secret/metadata/app/one')
    await assert.rejects(vault.read('secret/data/app/one'), /Status 404/)
    assert.ok(Object.hasOwn(Object(at(await vault.mounts(), 'data')), 'secret/'))
  })

  test('writes policies and uses a token that they bind', async () => {
    await vault.addPolicy({ name: 'reader', rules: 'path "secret/data/app/*" { capabilities = ["read"] }' })
    const made: unknown = await vault.tokenCreate({ policies: ['reader'], ttl: '1h' })
    // The package adopts every token it sees in a reply.
    vault.token = root
    const reader = createVault({
      endpoint: server.address,
      token: textAt(made, 'auth', 'client_token'),
      requestOptions: { ca: readFileSync(server.caFile ?? '') },
    })
    assert.equal(at(await reader.read('secret/data/app/two'), 'data', 'data', 'a'), 'c')
    await assert.rejects(reader.write('secret/data/app/two', { data: {} }), /permission denied/)
    assert.deepEqual(at(await reader.tokenLookupSelf(), 'data', 'policies'), ['default', 'reader'])
    await reader.tokenRevokeSelf()
    await assert.rejects(reader.read('secret/data/app/two'), /permission denied/)
  })

  test('works in a namespace', async () => {
    const requestOptions = { ca: readFileSync(server.caFile ?? '') }
    await vault.write('sys/namespaces/team', {})
    const tenant = createVault({ endpoint: server.address, token: root, namespace: 'team', requestOptions })
    await tenant.mount({ mount_point: 'kv', type: 'kv' })
    await tenant.write('kv/a', { here: 'team' })
    assert.equal(at(await vault.read('team/kv/a'), 'data', 'here'), 'team')
    const made: unknown = await tenant.tokenCreate({ policies: ['default'], ttl: '1h' })
    const own = createVault({
      endpoint: server.address,
      token: textAt(made, 'auth', 'client_token'),
      namespace: 'team',
      requestOptions,
    })
    assert.equal(at(await own.tokenLookupSelf(), 'data', 'namespace_path'), 'team/')
    await assert.rejects(own.read('kv/a'), /permission denied/)
    await vault.delete('sys/namespaces/team')
    await assert.rejects(own.tokenLookupSelf(), /permission denied/)
  })

  test('logs in by userpass and AppRole, and renews', async () => {
    const requestOptions = { ca: readFileSync(server.caFile ?? '') }
    await vault.enableAuth({ mount_point: 'userpass', type: 'userpass' })
    await vault.write('auth/userpass/users/bob', { password: 'pw', token_policies: 'reader', token_ttl: '1h' })
    const bob = createVault({ endpoint: server.address, requestOptions })
    const in1: unknown = await bob.userpassLogin({ username: 'bob', password: 'pw' })
    assert.deepEqual(at(in1, 'auth', 'token_policies'), ['default', 'reader'])
    assert.equal(at(await bob.read('secret/data/app/two'), 'data', 'data', 'a'), 'c')
    assert.equal(at(await bob.tokenRenewSelf({ increment: '30m' }), 'auth', 'lease_duration'), 1800)
    await assert.rejects(bob.userpassLogin({ username: 'bob', password: 'no' }), /invalid username or password/)

    await vault.enableAuth({ mount_point: 'approle', type: 'approle' })
    await vault.addApproleRole({ role_name: 'web', policies: 'reader', secret_id_num_uses: 1 })
    const roleId = textAt(await vault.getApproleRoleId({ role_name: 'web' }), 'data', 'role_id')
    const secretId = textAt(await vault.getApproleRoleSecret({ role_name: 'web' }), 'data', 'secret_id')
    const machine = createVault({ endpoint: server.address, requestOptions })
    await machine.approleLogin({ role_id: roleId, secret_id: secretId })
    assert.equal(at(await machine.read('secret/data/app/two'), 'data', 'data', 'a'), 'c')
    const other = createVault({ endpoint: server.address, requestOptions })
    await assert.rejects(other.approleLogin({ role_id: roleId, secret_id: secretId }), /invalid role or secret ID/)
  })

  test('wraps and unwraps', async () => {
    const wrapped: unknown = await vault.request({
      path: '/sys/wrapping/wrap',
      method: 'POST',
      headers: { 'X-Vault-Wrap-TTL': '60' },
      json: { hidden: 'yes' },
    })
    const token = textAt(wrapped, 'wrap_info', 'token')
    assert.equal(at(await vault.unwrap({ token }), 'data', 'hidden'), 'yes')
    await assert.rejects(vault.unwrap({ token }), /wrapping token is not valid/)
  })

  test('seals', async () => {
    await vault.seal()
    assert.equal(at(await vault.status(), 'sealed'), true)
  })
})
