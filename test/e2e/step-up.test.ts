/** Second factors that a policy demands of single requests (`mfa_methods`), shown in the header `X-Vault-MFA`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TOTP, URI } from 'otpauth'
import { at, listAt, textAt } from '../support/json.ts'
import { mfaServer, tokenOf, type MfaServer } from '../support/mfa-login.ts'
import { DUO_HOST, duo, startServices } from '../support/mfa-services.ts'

const RULES = `
path "secret/*" { capabilities = ["create", "read", "update"] mfa_methods = ["code"] }
path "open/*" { capabilities = ["create", "read", "update"] }
path "both/*" { capabilities = ["create", "read"] mfa_methods = ["code", "push"] }
path "gone/*" { capabilities = ["read"] mfa_methods = ["nowhere"] }
path "sys/mfa/method/totp/code/generate" { capabilities = ["read"] }`

async function setUp(mfa: MfaServer) {
  for (const path of ['secret', 'open', 'both', 'gone']) await mfa.done('POST', `sys/mounts/${path}`, { type: 'kv' })
  await mfa.done('PUT', 'sys/policies/acl/steps', { policy: RULES })
  await mfa.done('POST', 'sys/mfa/method/totp/code', { issuer: 'Test', period: '24h', qr_size: 0 })
  const entity = await mfa.user('bob')
  await mfa.done('POST', `identity/entity/id/${entity}`, { policies: ['steps'] })
  const token = tokenOf(await mfa.login('bob'))
  const ask = (method: string, path: string, factors?: string, body?: unknown, as = token) =>
    mfa.server.call(method, path, body, {
      token: as,
      headers: factors === undefined ? {} : { 'X-Vault-MFA': factors },
    })
  const made = await ask('GET', 'sys/mfa/method/totp/code/generate')
  const totp = URI.parse(textAt(made.json, 'data', 'url'))
  assert.ok(totp instanceof TOTP)
  return { entity, ask, totp }
}

test('a request needs the factor that its rule names, once for each request', async () => {
  await using mfa = await mfaServer()
  const { ask, totp } = await setUp(mfa)
  assert.equal((await ask('POST', 'open/a', undefined, { k: 'v' })).status, 204)
  for (const shown of [undefined, 'code', 'code:000000', 'other:123456', `code:${totp.generate()}x`])
    assert.equal((await ask('POST', 'secret/a', shown, { k: 'v' })).status, 403, shown ?? 'nothing')
  assert.equal((await ask('GET', 'secret/a', 'code:')).status, 400)
  const code = totp.generate()
  assert.equal((await ask('POST', 'secret/a', `code:${code}`, { k: 'v' })).status, 204)
  assert.equal((await ask('GET', 'secret/a', `code:${code}`)).status, 403, 'a code is good once')
})

test('what is denied anyway uses up no code, and a method that is not there denies', async () => {
  await using mfa = await mfaServer()
  const { ask, totp } = await setUp(mfa)
  const code = totp.generate()
  assert.equal((await ask('DELETE', 'secret/a', `code:${code}`)).status, 403)
  assert.equal((await ask('GET', 'gone/a', `nowhere:${code},code:${code}`)).status, 403)
  // Of two that are demanded neither is used up by a request that shows one.
  assert.equal((await ask('GET', 'both/a', `code:${code}`)).status, 403)
  assert.equal((await ask('GET', 'secret/none', `code:${code}`)).status, 404, 'it is good still')
})

test('a token without an entity has no factor, and one of root needs none', async () => {
  await using mfa = await mfaServer()
  const { ask, totp } = await setUp(mfa)
  const made = await mfa.done('POST', 'auth/token/create', { policies: ['steps'] })
  const nobody = textAt(made.json, 'auth', 'client_token')
  assert.equal((await ask('GET', 'secret/a', `code:${totp.generate()}`, undefined, nobody)).status, 403)
  assert.equal((await mfa.call('GET', 'secret/a')).status, 404)
})

test('what others have to authorize as well is held once the factor was shown, which is not asked for again', async () => {
  await using mfa = await mfaServer()
  const { entity, ask, totp } = await setUp(mfa)
  const rule = (methods: string) => `path "held/*" {
    capabilities = ["create", "read", "update"]
    ${methods}
    control_group = { factor "f" { identity { group_names = ["approvers"] approvals = 1 } } }
  }`
  await mfa.done('POST', 'sys/mounts/held', { type: 'kv' })
  await mfa.done('PUT', 'sys/policies/acl/held', { policy: rule('mfa_methods = ["code"]') })
  await mfa.done('PUT', 'sys/policies/acl/approver', {
    policy: 'path "sys/control-group/authorize" { capabilities = ["update"] }',
  })
  await mfa.done('POST', `identity/entity/id/${entity}`, { policies: ['steps', 'held'] })
  const approver = await mfa.user('ann')
  await mfa.done('POST', 'identity/group', { name: 'approvers', member_entity_ids: [approver], policies: ['approver'] })
  const ann = tokenOf(await mfa.login('ann'))
  const hold = async (code: string) => {
    const held = await ask('POST', 'held/a', `code:${code}`, { k: 'v' })
    assert.equal(held.status, 200, held.text)
    const accessor = textAt(held.json, 'wrap_info', 'accessor')
    const authorized = await mfa.server.call('POST', 'sys/control-group/authorize', { accessor }, { token: ann })
    assert.equal(at(authorized.json, 'data', 'approved'), true, authorized.text)
    return textAt(held.json, 'wrap_info', 'token')
  }
  const later = (days: number) => totp.generate({ timestamp: Date.now() + days * 86_400_000 })
  assert.equal((await ask('POST', 'held/a', undefined, { k: 'v' })).status, 403)
  assert.equal((await ask('POST', 'held/a', 'code:000000', { k: 'v' })).status, 403)
  const token = await hold(totp.generate())
  assert.equal((await mfa.call('GET', 'held/a')).status, 404)
  assert.equal((await ask('POST', 'sys/wrapping/unwrap', undefined, { token })).status, 204)
  assert.equal((await mfa.call('GET', 'held/a')).status, 200)
  // A factor that the rule has come to demand since was never shown.
  const second = await hold(later(1))
  await mfa.done('PUT', 'sys/policies/acl/held', { policy: rule('mfa_methods = ["code", "nowhere"]') })
  assert.equal((await ask('POST', 'sys/wrapping/unwrap', undefined, { token: second })).status, 403)
})

test('all methods of a rule are to be met, a push by the name of the alias among them', async () => {
  await using services = await startServices()
  await using mfa = await mfaServer({ web: services.web })
  const { ask, totp } = await setUp(mfa)
  const accessor = textAt((await mfa.done('GET', 'sys/auth')).json, 'data', 'userpass/', 'accessor')
  const settings = { secret_key: duo.secret, integration_key: duo.integration, api_hostname: DUO_HOST }
  assert.equal((await mfa.call('POST', 'sys/mfa/method/duo/push', settings)).status, 400, 'an accessor is needed')
  const username_format = '{{alias.name}}@acme.example'
  await mfa.done('POST', 'sys/mfa/method/duo/push', { ...settings, mount_accessor: accessor, username_format })
  services.people.set('bob@acme.example', { push: ['deny'] })
  assert.equal((await ask('GET', 'both/a', `push,code:${totp.generate()}`)).status, 403)
  services.people.set('bob@acme.example', { push: ['allow'] })
  const next = totp.generate({ timestamp: Date.now() + 86_400_000 })
  assert.equal((await ask('GET', 'both/a', `push,code:${next}`)).status, 404)
})

test('methods are written, listed, read without their secrets and deleted', async () => {
  await using mfa = await mfaServer()
  const { entity } = await setUp(mfa)
  const accessor = textAt((await mfa.done('GET', 'sys/auth')).json, 'data', 'userpass/', 'accessor')
  const okta = { mount_accessor: accessor, org_name: 'acme', api_token: 'canary-token' }
  await mfa.done('POST', 'sys/mfa/method/okta/o', okta)
  const listed = await mfa.done('LIST', 'sys/mfa/method')
  assert.deepEqual(listAt(listed.json, 'data', 'keys'), ['code', 'o'])
  const read = await mfa.done('GET', 'sys/mfa/method/okta/o')
  assert.equal(at(read.json, 'data', 'mount_accessor'), accessor)
  assert.equal(at(read.json, 'data', 'name'), 'o')
  assert.ok(!read.text.includes('canary'))
  assert.equal((await mfa.call('GET', 'sys/mfa/method/duo/o')).status, 404)
  assert.equal((await mfa.call('POST', 'sys/mfa/method/duo/o', okta)).status, 400)
  const again = await mfa.done('POST', 'sys/mfa/method/totp/code/admin-generate', { entity_id: entity })
  assert.match(again.text, /Entity already has a secret/)
  await mfa.done('POST', 'sys/mfa/method/totp/code/admin-destroy', { entity_id: entity })
  const anew = await mfa.done('POST', 'sys/mfa/method/totp/code/admin-generate', { entity_id: entity })
  assert.match(textAt(anew.json, 'data', 'url'), /^otpauth:/)
  for (const path of ['okta/o', 'totp/code']) await mfa.done('DELETE', `sys/mfa/method/${path}`)
  assert.equal((await mfa.call('LIST', 'sys/mfa/method')).status, 404)
})
