/** Mounts that move from one namespace to another: what they hold goes with them, and nobody reaches it any more where it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/callers.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

type Call = (method: string, path: string, body?: unknown, token?: string) => ReturnType<TestServer['call']>

function inNamespace(server: TestServer, namespace: string): Call {
  return (method, path, body, token = server.token) =>
    server.call(method, path, body, { token, headers: { 'X-Vault-Namespace': namespace } })
}

async function setUp(server: TestServer) {
  for (const name of ['one', 'two']) assert.equal((await server.call('POST', `sys/namespaces/${name}`)).status, 200)
  const move = async (from: string, to: string) => {
    const answer = await server.call('POST', 'sys/remount', { from, to })
    if (answer.status !== 200) return answer
    const id = textAt(answer.json, 'data', 'migration_id')
    return until('it has moved', async () => {
      const status = await server.call('GET', `sys/remount/status/${id}`)
      const text = textAt(status.json, 'data', 'migration_info', 'status')
      return text === 'in-progress' ? undefined : status
    })
  }
  return { one: inNamespace(server, 'one'), two: inNamespace(server, 'two'), move }
}

test('a secrets engine goes with all that it holds, and back', async () => {
  await using server = await startServer()
  const { one, two, move } = await setUp(server)
  await one('POST', 'sys/mounts/secret', { type: 'kv-v2' })
  await one('POST', 'secret/data/a', { data: { k: 'v' } })
  await one('POST', 'secret/data/a', { data: { k: 'w' } })
  const accessor = textAt((await one('GET', 'sys/mounts/secret')).json, 'data', 'accessor')
  const moved = await move('one/secret', 'two/kv')
  assert.deepEqual(at(moved.json, 'data', 'migration_info'), {
    source_mount: 'one/secret/',
    target_mount: 'two/kv/',
    status: 'success',
  })
  assert.equal(at((await two('GET', 'kv/data/a')).json, 'data', 'data', 'k'), 'w')
  assert.equal(at((await two('GET', 'kv/data/a?version=1')).json, 'data', 'data', 'k'), 'v')
  assert.equal((await one('GET', 'secret/data/a')).status, 404)
  assert.equal(textAt((await two('GET', 'sys/mounts/kv')).json, 'data', 'accessor'), accessor)
  // The namespace it was in may go.
  assert.equal((await server.call('DELETE', 'sys/namespaces/one')).status, 200)
  assert.equal((await two('GET', 'kv/data/a')).status, 200)
  assert.equal((await move('two/kv', 'kv')).status, 200)
  await server.kill()
  await server.restart()
  await server.unseal()
  assert.equal((await server.call('GET', 'kv/data/a')).status, 200)
  assert.equal((await two('GET', 'kv/data/a')).status, 404)
})

test('an auth method leaves its tokens and its names behind', async () => {
  await using server = await startServer()
  const { one, two, move } = await setUp(server)
  await one('POST', 'sys/auth/userpass', { type: 'userpass' })
  await one('POST', 'auth/userpass/users/bob', { password: 'p' })
  const logIn = async (call: Call, path: string) => call('POST', `${path}/login/bob`, { password: 'p' }, '')
  const before = textAt((await logIn(one, 'auth/userpass')).json, 'auth', 'client_token')
  assert.equal((await one('GET', 'auth/token/lookup-self', undefined, before)).status, 200)
  assert.equal((await move('one/auth/userpass', 'two/auth/people')).status, 200)
  await until('its token is good for nothing', async () => {
    return (await one('GET', 'auth/token/lookup-self', undefined, before)).status === 403 || undefined
  })
  assert.equal((await logIn(one, 'auth/userpass')).status, 403)
  const after = await logIn(two, 'auth/people')
  assert.equal(after.status, 200, after.text)
  const token = textAt(after.json, 'auth', 'client_token')
  assert.equal((await two('GET', 'auth/token/lookup-self', undefined, token)).status, 200)
  assert.equal((await one('GET', 'auth/token/lookup-self', undefined, token)).status, 403)
  assert.equal((await one('GET', 'identity/entity-alias/id?list=true')).status, 404)
  assert.equal(listAt((await two('GET', 'identity/entity-alias/id?list=true')).json, 'data', 'keys').length, 1)
})

test('is refused where something is, or nobody may', async () => {
  await using server = await startServer()
  const { one, two, move } = await setUp(server)
  await one('POST', 'sys/mounts/a', { type: 'kv' })
  await two('POST', 'sys/mounts/a', { type: 'kv' })
  for (const [from, to] of [
    ['one/a', 'two/a'],
    ['one/a', 'two/a/b'],
    ['one/none', 'two/b'],
    ['one/a', 'two/sys/b'],
    ['one/a', 'two/auth/b'],
    ['one/cubbyhole', 'two/b'],
    ['one/a', 'two'],
    ['one/a', 'one/a'],
  ] as const)
    assert.equal((await move(from, to)).status, 400, `${from} to ${to}`)
  // From inside a namespace there is no way to another beside it.
  assert.equal((await one('POST', 'sys/remount', { from: 'a', to: '../two/b' })).status, 400)
  const lock = await server.call('POST', 'sys/namespaces/api-lock/lock/two')
  assert.equal(lock.status, 200, lock.text)
  assert.equal((await move('one/a', 'two/b')).status, 503)
  assert.equal((await one('GET', 'sys/mounts/a')).status, 200)
})
