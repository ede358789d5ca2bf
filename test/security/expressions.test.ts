/** Policy expressions: what they deny is denied, whoever may; what they cannot decide, too; and they keep nobody waiting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { until } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { heldBy, People } from '../support/people.ts'

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

test('other spellings, lists and longer paths are no way around a path, and no other path is meant', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  await server.call('POST', 'kv/App/x', { a: 1 })
  await egp(server, 'p', 'false', ['kv/app/x', 'kv/app', 'kv/list'])
  for (const path of ['kv/app/x', 'kv/App/x', 'kv/APP/X', 'kv/app%2Fx'])
    assert.equal((await people.by(bob, 'GET', path)).status, 403, path)
  for (const [method, path] of [
    ['LIST', 'kv/app'],
    ['LIST', 'kv/app/'],
    ['GET', 'kv/app?list=true'],
    ['LIST', 'kv/List'],
  ] as const)
    assert.equal((await people.by(bob, method, path)).status, 403, `${method} ${path}`)
  for (const path of ['kv/app/xy', 'kv/appx', 'kv/a'])
    assert.notEqual((await people.by(bob, 'GET', path)).status, 403, path)
})

test('a policy of a namespace governs it and what is below, and nothing beside or above', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  for (const [parent, name] of [
    ['', 'team'],
    ['team', 'sub'],
    ['', 'other'],
  ] as const) {
    await server.call('POST', `sys/namespaces/${name}`, undefined, { headers: { 'X-Vault-Namespace': parent } })
    const path = parent === '' ? name : `${parent}/${name}`
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' }, { headers: { 'X-Vault-Namespace': path } })
  }
  await people.policy(
    'open',
    ['', 'team/', 'team/sub/', 'other/'].map((at) => `path "${at}kv/*" { capabilities = ["read"] }`).join('\n'),
  )
  const statusIn = async (namespace: string) =>
    (await people.by(bob, 'GET', 'kv/a', undefined, { 'X-Vault-Namespace': namespace })).status
  const put = (namespace: string, paths: string[]) =>
    server.call(
      'POST',
      'sys/policies/egp/p',
      { policy: 'false', paths, enforcement_level: 'hard-mandatory' },
      { headers: { 'X-Vault-Namespace': namespace } },
    )
  assert.equal((await put('team', ['*'])).status, 204)
  assert.deepEqual(
    [await statusIn(''), await statusIn('team'), await statusIn('team/sub'), await statusIn('other')],
    [200, 403, 403, 404],
  )
  assert.equal((await server.call('GET', 'team/kv/a', undefined, { token: bob.token })).status, 403, 'by the path')
  assert.equal((await put('team', ['sub/kv/*'])).status, 204)
  assert.deepEqual([await statusIn('team'), await statusIn('team/sub')], [404, 403])
  await server.call('DELETE', 'sys/policies/egp/p', undefined, { headers: { 'X-Vault-Namespace': 'team' } })
  assert.equal((await put('', ['kv/*'])).status, 204)
  assert.deepEqual([await statusIn(''), await statusIn('team')], [403, 404], 'paths begin at the namespace')
  const listed = await server.call('LIST', 'sys/policies/egp', undefined, { headers: { 'X-Vault-Namespace': 'team' } })
  assert.equal(listed.status, 404)
  assert.equal((await put('team', ['x'])).status, 204)
  await server.call('DELETE', 'sys/namespaces/team/sub')
  await server.call('DELETE', 'sys/namespaces/sub', undefined, { headers: { 'X-Vault-Namespace': 'team' } })
  await server.call('DELETE', 'sys/namespaces/team')
  await until('the end of the namespace', async () =>
    (await server.storedKeys('core/governing-policies/')).length === 1 ? true : undefined,
  )
})

test('it holds after a restart, and one that cannot be read lets nobody pass', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  await egp(server, 'p', 'request.operation == "list"', ['kv/*'])
  await server.restart()
  assert.equal((await people.by(bob, 'GET', 'kv/a')).status, 403)
  const [key = ''] = await server.storedKeys('core/governing-policies/')
  const stored = { policy: 'request.of.another.version()', enforcement_level: 'hard-mandatory', paths: ['kv/*'] }
  const written = await server.call('PUT', `sys/raw/${key}`, { value: JSON.stringify(stored) })
  assert.equal(written.status, 204, written.text)
  assert.match((await people.by(bob, 'LIST', 'kv/')).text, /The policy cannot be read/)
  assert.equal((await server.call('DELETE', 'sys/policies/egp/p')).status, 204)
  assert.equal((await people.by(bob, 'GET', 'kv/a')).status, 200)
})

test('what a control group held is asked when it is carried out, and can be asked who authorized it', async () => {
  const { server, people } = await house()
  await using _ = server
  await people.policy(
    'held',
    'path "kv/*" { capabilities = ["read"] control_group = { factor "f" { identity { group_names = ["bosses"] } } } }',
  )
  await people.policy('boss', 'path "sys/control-group/authorize" { capabilities = ["update"] }')
  const eve = await people.add('eve', ['held'])
  const ann = await people.add('ann', ['boss'])
  await people.group('bosses', [ann])
  await egp(server, 'named', `controlgroup.authorizations.exists(a, a.entity.id == "${ann.entity}")`, ['kv/*'])
  const { token, accessor } = heldBy(await people.by(eve, 'GET', 'kv/a'))
  await people.by(ann, 'POST', 'sys/control-group/authorize', { accessor })
  await egp(server, 'shut', 'false', ['kv/*'])
  const denied = await people.by(eve, 'POST', 'sys/wrapping/unwrap', { token })
  assert.match(denied.text, /root\/shut/)
  await server.call('DELETE', 'sys/policies/egp/shut')
  const done = await people.by(eve, 'POST', 'sys/wrapping/unwrap', { token })
  assert.equal(at(done.json, 'data', 'secret'), 'canary', 'the denial used nothing up')
})

test('with large data, deep data and hundreds of policies, others are answered meanwhile', async () => {
  const { server, people, bob } = await house()
  await using _ = server
  const slow = 'request.data.x.all(a, a >= 0) && request.data.x.exists(a, a == 299)'
  for (let i = 0; i < 60; i++) await egp(server, `p${i}`, slow, ['kv/slow'])
  const body = { x: Array.from({ length: 300 }, (_, i) => i) }
  await people.by(bob, 'POST', 'kv/slow', body)
  const health: number[] = []
  let done = false
  const slowOnes = Promise.all(Array.from({ length: 4 }, () => people.by(bob, 'POST', 'kv/slow', body))).then((all) => {
    done = true
    return all
  })
  while (!done) {
    const began = performance.now()
    await new Promise((resolve) => setImmediate(resolve))
    health.push(performance.now() - began)
  }
  for (const answer of await slowOnes) assert.equal(answer.status, 204)
  assert.ok(health.length > 20, `the loop turned ${health.length} times`)
})
