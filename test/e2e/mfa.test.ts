/** Log-ins whose second factor is a push or a passcode of Duo, Okta or PingID, which are servers that speak their APIs. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { at, textAt } from '../support/json.ts'
import { mfaServer, tokenOf, type MfaServer } from '../support/mfa-login.ts'
import { DUO_HOST, duo, okta, pingSettings, startServices } from '../support/mfa-services.ts'

const NAME = '{{identity.entity.metadata.mail}}'
const bodies: Readonly<Record<string, object>> = {
  duo: { secret_key: duo.secret, integration_key: duo.integration, api_hostname: DUO_HOST },
  okta: { org_name: 'acme', api_token: okta.token, primary_email: true },
  pingid: { settings_file_base64: pingSettings() },
}

/** Bob, and the method that he has to show. */
async function withBob(mfa: MfaServer, type: string, more: object = {}): Promise<string> {
  const method = await mfa.method(type, { ...bodies[type], method_name: type, username_format: NAME, ...more })
  const entity = await mfa.user('bob')
  await mfa.done('POST', `identity/entity/id/${entity}`, { metadata: { mail: 'bob@acme.example' } })
  await mfa.enforce('all', [method])
  return method
}

for (const type of Object.keys(bodies)) {
  suite(type, () => {
    test('a push that is answered ends a log-in, in one request or in two', async () => {
      await using services = await startServices()
      services.people.set('bob@acme.example', { push: ['allow'] })
      await using mfa = await mfaServer({ web: services.web })
      const method = await withBob(mfa, type)
      assert.notEqual(tokenOf(await mfa.login('bob', { 'X-Vault-MFA': type })), '')
      const begun = await mfa.login('bob')
      const any = at(begun.json, 'auth', 'mfa_requirement', 'mfa_constraints', 'all', 'any')
      assert.deepEqual(any, [{ type, id: method, name: type }])
      const request = textAt(begun.json, 'auth', 'mfa_requirement', 'mfa_request_id')
      const token = tokenOf(await mfa.validate(request, { [method]: [] }))
      const self = await mfa.call('GET', 'auth/token/lookup-self', undefined, token)
      assert.equal(textAt(self.json, 'data', 'display_name'), 'userpass-bob')
      assert.equal(textAt(self.json, 'data', 'path'), 'auth/userpass/login/bob')
    })

    test('one that is denied, or a service that is not there, ends it without a token', async () => {
      await using services = await startServices()
      services.people.set('bob@acme.example', { push: ['deny'] })
      await using mfa = await mfaServer({ web: services.web })
      const method = await withBob(mfa, type)
      assert.equal((await mfa.login('bob', { 'X-Vault-MFA': type })).status, 403)
      const request = await mfa.begin('bob')
      assert.equal((await mfa.validate(request, { [method]: [] })).status, 403)
      await services[Symbol.asyncDispose]()
      const refused = await mfa.validate(request, { [method]: [] })
      assert.equal(refused.status, 403)
      assert.doesNotMatch(refused.text, /127\.0\.0\.1|ECONN|fetch/)
    })

    test('somebody of whom the service knows no name is not asked about under another', async () => {
      await using services = await startServices()
      for (const name of ['', 'bob', 'entity-bob', 'undefined']) services.people.set(name, { push: ['allow'] })
      await using mfa = await mfaServer({ web: services.web })
      const method = await withBob(mfa, type, { username_format: '{{identity.entity.metadata.phone}}' })
      const refused = await mfa.validate(await mfa.begin('bob'), { [method]: [] })
      assert.equal(refused.status, 403)
      assert.equal(services.asked.length, 0)
    })

    test('its secrets are told to nobody', async () => {
      await using services = await startServices()
      await using mfa = await mfaServer({ web: services.web })
      const method = await withBob(mfa, type)
      for (const [verb, path] of [
        ['GET', `identity/mfa/method/${type}/${method}`],
        ['GET', `identity/mfa/method/${method}`],
        ['LIST', 'identity/mfa/method'],
        ['LIST', `identity/mfa/method/${type}`],
      ] as const) {
        const { text } = await mfa.done(verb, path)
        for (const secret of [duo.secret, okta.token, Buffer.alloc(32, 'k').toString('base64'), 'ping-token'])
          assert.ok(!text.includes(secret), path)
      }
    })
  })
}

test('duo: a passcode in place of a push', async () => {
  await using services = await startServices()
  services.people.set('bob@acme.example', { passcode: '7654321' })
  await using mfa = await mfaServer({ web: services.web })
  const method = await withBob(mfa, 'duo', { use_passcode: true })
  const begun = await mfa.login('bob')
  const any = at(begun.json, 'auth', 'mfa_requirement', 'mfa_constraints', 'all', 'any')
  assert.deepEqual(any, [{ type: 'duo', id: method, uses_passcode: true, name: 'duo' }])
  assert.equal((await mfa.login('bob', { 'X-Vault-MFA': 'duo:1234567' })).status, 403)
  assert.notEqual(tokenOf(await mfa.login('bob', { 'X-Vault-MFA': 'duo:passcode=7654321' })), '')
})

test('any one of several methods is enough, and only the one that is shown is asked', async () => {
  await using services = await startServices()
  services.people.set('bob@acme.example', { push: ['allow'] })
  await using mfa = await mfaServer({ web: services.web })
  const push = await withBob(mfa, 'okta')
  const totp = await mfa.totp()
  const entity = textAt((await mfa.done('GET', 'identity/entity/name/entity-bob')).json, 'data', 'id')
  const phone = await mfa.authenticator(totp, entity)
  await mfa.enforce('all', [push, totp])
  assert.notEqual(tokenOf(await mfa.validate(await mfa.begin('bob'), { [totp]: [phone.generate()] })), '')
  assert.equal(services.asked.length, 0)
  assert.notEqual(tokenOf(await mfa.validate(await mfa.begin('bob'), { okta: [] })), '')
})

test('the key of an entity is made by its own token, too', async () => {
  await using mfa = await mfaServer()
  const method = await mfa.totp()
  await mfa.user('bob')
  await mfa.done('POST', 'sys/policies/acl/enrol', {
    policy: 'path "identity/mfa/method/totp/generate" { capabilities = ["update"] }',
  })
  await mfa.done('POST', 'auth/userpass/users/bob', { token_policies: 'enrol' })
  const token = tokenOf(await mfa.login('bob'))
  const made = await mfa.call('POST', 'identity/mfa/method/totp/generate', { method_id: method }, token)
  assert.match(textAt(made.json, 'data', 'url'), /^otpauth:\/\/totp\/Test:/)
  const again = await mfa.call('POST', 'identity/mfa/method/totp/generate', { method_id: method }, token)
  assert.deepEqual(at(again.json, 'warnings'), ['Entity already has a secret for MFA method "totp"'])
  assert.equal(at(again.json, 'data'), null)
})
