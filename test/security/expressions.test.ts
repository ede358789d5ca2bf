/** Policy expressions: what they deny is denied, whoever may; what they cannot decide, too; and they keep nobody waiting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { at, textAt } from '../support/json.ts'
import { People } from '../support/people.ts'

const OPEN = 'path "kv/*" { capabilities = ["create", "read", "update", "delete", "list"] }'

async function house() {
  const server = await composedServer()
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  await server.call('POST', 'kv/a', { secret: 'canary' })
  const people = await People.in(server)
  await people.policy('open', OPEN)
  const bob = await people.add('bob', ['open'])
  return { server, people, bob }
}

async function egp(server: ComposedServer, name: string, policy: string, paths: string[], level = 'hard-mandatory') {
  const put = await server.call('POST', `sys/policies/egp/${name}`, { policy, paths, enforcement_level: level })
  assert.equal(put.status, 204, put.text)
}

test('an endpoint policy denies by path, tells which clause, and nothing of values', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  assert.equal((await people.by(bob, 'GET', 'kv/a')).status, 200)
  await egp(
    server,
    'office',
    'request.operation != "list" &&\n  cidr_contains("10.0.0.0/8", request.connection.remote_addr)',
    ['kv/*'],
  )
  const denied = await people.by(bob, 'GET', 'kv/a')
  assert.equal(denied.status, 403)
  assert.match(denied.text, /egp standard policy \\"root\/office\\" evaluation resulted in denial/)
  assert.match(denied.text, /Clause 2 \(line 2, column 3\) evaluated to false/)
  assert.match(denied.text, /permission denied/)
  assert.ok(!denied.text.includes('127.0.0.1'))
  const inside = await server.call('GET', 'kv/a', undefined, { token: bob.token, from: '10.1.2.3' })
  assert.equal(inside.status, 200)
  assert.equal((await server.call('GET', 'kv/a')).status, 200, 'root is not asked')
  assert.equal((await people.by(bob, 'GET', 'auth/token/lookup-self')).status, 200, 'other paths are not governed')
  const read = await server.call('GET', 'sys/policies/egp/office')
  assert.deepEqual(
    [at(read.json, 'data', 'paths'), at(read.json, 'data', 'enforcement_level')],
    [['kv/*'], 'hard-mandatory'],
  )
  const listed = await server.call('LIST', 'sys/policies/egp')
  assert.deepEqual(at(listed.json, 'data', 'keys'), ['office'])
  assert.equal((await server.call('DELETE', 'sys/policies/egp/office')).status, 204)
  assert.equal((await people.by(bob, 'GET', 'kv/a')).status, 200)
})

test('log-ins are governed, the way out is not, and root undoes it', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  await egp(server, 'shut', 'false', ['*'])
  const login = await server.call('POST', 'auth/userpass/login/bob', { password: 'pw-bob' }, { token: '' })
  assert.equal(login.status, 403)
  assert.equal((await people.by(bob, 'GET', 'auth/token/lookup-self')).status, 403)
  assert.equal((await server.call('GET', 'sys/health', undefined, { token: '' })).status, 200)
  assert.equal((await server.call('GET', 'sys/seal-status', undefined, { token: '' })).status, 200)
  assert.equal((await server.call('DELETE', 'sys/policies/egp/shut')).status, 204)
  assert.equal((await people.logIn('bob')).entity, bob.entity)
})

test('a role policy goes with its name, by token, entity and group, and shares names with access policies', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  const put = (name: string, policy: string) =>
    server.call('POST', `sys/policies/rgp/${name}`, { policy, enforcement_level: 'hard-mandatory' })
  assert.equal((await put('readers', 'request.operation == "read"')).status, 204)
  assert.equal((await people.by(bob, 'POST', 'kv/a', { b: 1 })).status, 204, 'whoever does not hold it is not asked')
  await people.group('team', [bob], ['readers'])
  const denied = await people.by(bob, 'POST', 'kv/a', { b: 1 })
  assert.equal(denied.status, 403)
  assert.match(denied.text, /rgp standard policy \\"root\/readers\\"/)
  assert.equal((await people.by(bob, 'GET', 'kv/a')).status, 200)
  assert.match((await put('open', 'true')).text, /cannot reuse policy names between ACLs and RGPs/)
  assert.match(
    (await server.call('PUT', 'sys/policies/acl/readers', { policy: OPEN })).text,
    /cannot reuse policy names between ACLs and RGPs/,
  )
  assert.equal((await put('root', 'true')).status, 400)
})

test('a soft policy is overridden by whoever asks, an advisory one stops nobody, a hard one everybody', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  const override = { 'X-Vault-Policy-Override': 'true' }
  await egp(server, 'p', 'request.policy_override == false && false', ['kv/*'], 'soft-mandatory')
  assert.equal((await people.by(bob, 'GET', 'kv/a')).status, 403)
  assert.equal((await people.by(bob, 'GET', 'kv/a', undefined, override)).status, 200)
  await egp(server, 'p', 'false', ['kv/*'], 'advisory')
  assert.equal((await people.by(bob, 'GET', 'kv/a')).status, 200)
  await egp(server, 'p', 'false', ['kv/*'], 'hard-mandatory')
  assert.equal((await people.by(bob, 'GET', 'kv/a', undefined, override)).status, 403)
})

test('what fails to be evaluated denies, and an expression is refused with what is wrong and where', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  await egp(server, 'p', 'request.data.missing == "x"', ['kv/*'])
  assert.match((await people.by(bob, 'GET', 'kv/a')).text, /Clause 1 \(line 1, column 1\) could not be evaluated/)
  assert.equal((await people.by(bob, 'POST', 'kv/a', { missing: 'x' })).status, 204)
  const bad = await server.call('POST', 'sys/policies/egp/q', {
    policy: 'request.pth == "a"',
    paths: ['*'],
    enforcement_level: 'advisory',
  })
  assert.equal(bad.status, 400)
  assert.match(textAt(bad.json, 'errors', 0), /has no \\?"pth\\?"; did you mean \\?"path\\?"\? on line 1, column/)
})
