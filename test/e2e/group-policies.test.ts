/** Groups that have entities of other namespaces: what their policies grant, and where they stop. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

function inNamespace(server: TestServer, namespace: string) {
  return (method: string, path: string, body?: unknown, token = server.token) =>
    server.call(method, path, body, { token, headers: namespace === '' ? {} : { 'X-Vault-Namespace': namespace } })
}

const READS = 'path "kv/*" { capabilities = ["read"] }'

async function setUp(server: TestServer) {
  const root = inNamespace(server, '')
  for (const name of ['a', 'b']) await root('POST', `sys/namespaces/${name}`)
  const [a, b] = [inNamespace(server, 'a'), inNamespace(server, 'b')]
  await a('POST', 'sys/namespaces/deep')
  const deep = inNamespace(server, 'a/deep')
  for (const one of [root, a, b, deep]) {
    await one('POST', 'sys/mounts/kv', { type: 'kv' })
    await one('POST', 'kv/x', { k: 'v' })
    await one('PUT', 'sys/policies/acl/reads', { policy: READS })
  }
  await a('POST', 'sys/auth/userpass', { type: 'userpass' })
  await a('POST', 'auth/userpass/users/bob', { password: 'p' })
  const login = await a('POST', 'auth/userpass/login/bob', { password: 'p' }, '')
  const token = textAt(login.json, 'auth', 'client_token')
  const entity = textAt(login.json, 'auth', 'entity_id')
  const groupIn = async (one: typeof root) => {
    const made = await one('POST', 'identity/group', { policies: ['reads'], member_entity_ids: [entity] })
    assert.equal(made.status, 200, made.text)
    return textAt(made.json, 'data', 'id')
  }
  const reads = async (one: typeof root) => (await one('GET', 'kv/x', undefined, token)).status
  return { root, a, b, deep, groupIn, reads, entity }
}

test('a group below the namespace of its member grants him what its policies say there, and nothing elsewhere', async () => {
  await using server = await startServer({ storage: 'inmem' })
  const { root, a, b, deep, groupIn, reads } = await setUp(server)
  assert.equal(await reads(deep), 403)
  const id = await groupIn(deep)
  assert.equal(await reads(deep), 200)
  for (const one of [root, a, b]) assert.equal(await reads(one), 403)
  await deep('POST', `identity/group/id/${id}`, { member_entity_ids: [] })
  assert.equal(await reads(deep), 403)
})

test('groups beside and above count only where the operator lets them', async () => {
  await using server = await startServer({ storage: 'inmem' })
  const { root, a, b, deep, groupIn, reads, entity } = await setUp(server)
  const path = 'sys/config/group-policy-application'
  // Where it would not count nobody learns whether there is such an entity.
  for (const one of [root, b])
    assert.equal((await one('POST', 'identity/group', { member_entity_ids: [entity] })).status, 400)
  for (const one of [root, a, b, deep]) assert.equal(await reads(one), 403)
  assert.match((await root('GET', path)).text, /"group_policy_application_mode":"within_namespace_hierarchy"/)
  assert.equal((await root('POST', path, { group_policy_application_mode: 'perhaps' })).status, 400)
  assert.equal((await a('POST', path, { group_policy_application_mode: 'any' })).status, 404)
  assert.equal((await root('POST', path, { group_policy_application_mode: 'any' })).status, 204)
  await groupIn(b)
  await groupIn(root)
  assert.equal(await reads(b), 200)
  assert.equal(await reads(root), 200)
  // A wildcard of the root namespace's policy reaches into none below it.
  for (const one of [a, deep]) assert.equal(await reads(one), 403)
  await a('POST', `identity/entity/id/${entity}`, { disabled: true })
  assert.notEqual(await reads(b), 200)
  await a('POST', `identity/entity/id/${entity}`, { disabled: false })
  assert.equal(await reads(b), 200)
  await root('POST', path, { group_policy_application_mode: 'within_namespace_hierarchy' })
  assert.equal(await reads(b), 403)
})

test('a member that is nowhere is refused, and no group makes root', async () => {
  await using server = await startServer({ storage: 'inmem' })
  const { deep, entity } = await setUp(server)
  const nobody = { policies: ['reads'], member_entity_ids: ['00000000-0000-4000-8000-000000000000'] }
  assert.equal((await deep('POST', 'identity/group', nobody)).status, 400)
  assert.equal((await deep('POST', 'identity/group', { policies: ['root'], member_entity_ids: [entity] })).status, 400)
})
