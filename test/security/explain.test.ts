/** What `sys/policies/explain` says is what happens: the same paths are asked for, over HTTP, by those it was asked about. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { tokenWith } from '../support/callers.ts'
import { at } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
before(async () => {
  server = await startServer({ storage: 'inmem' })
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
})
after(() => server[Symbol.asyncDispose]())

const segment = fc.constantFrom('a', 'b', 'A', '+', 'c')
const rulePath = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom('', '', '/', '*', '/*'))
  .map(([parts, end]) => {
    // Rules for all of the mount, too: of a few policies some are to allow what is asked for.
    if (parts.length === 0) return 'kv/*'
    return `kv/${parts.at(-1) === '+' && end === '*' ? `${parts.join('/')}/*` : parts.join('/') + end}`
  })
const rule = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: rulePath }, fc.constantFrom('sys/audit', 'sys/*', 'sys/policies/acl')),
    fc.oneof(
      { weight: 4, arbitrary: fc.subarray(['create', 'read', 'update', 'delete', 'list', 'sudo']) },
      fc.constant(['deny']),
    ),
    fc.constantFrom(
      '',
      '',
      '',
      'denied_parameters = { "x" = [] }',
      'allowed_parameters = { "y" = [] }',
      'required_parameters = ["y"]',
    ),
  )
  .map(
    ([path, capabilities, more]) => `path "${path}" {\n  capabilities = ${JSON.stringify(capabilities)}\n  ${more}\n}`,
  )
const policy = fc.array(rule, { maxLength: 6 }).map((rules) => rules.join('\n') || '# nothing')
const place = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .array(fc.constantFrom('a', 'b', 'A', 'c', 'd'), { minLength: 1, maxLength: 3 })
      .map((parts) => `kv/${parts.join('/')}`),
  },
  fc.constantFrom('sys/audit', 'sys/policies/acl', 'nowhere/a'),
)
const METHODS = { read: 'GET', list: 'LIST', delete: 'DELETE', update: 'POST' } as const

describe('sys/policies/explain', () => {
  test('says of any token what happens to its requests', async () => {
    let denied = 0
    let allowed = 0
    await fc.assert(
      fc.asyncProperty(
        policy,
        fc.array(place, { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        async (text, paths, withX) => {
          const token = await tokenWith(server, text)
          for (const path of paths) {
            for (const [operation, method] of Object.entries(METHODS)) {
              // A first write of a path that can tell makes it, which is another operation.
              if (operation === 'update') await server.call('POST', path.startsWith('kv/') ? path : 'kv/a', { z: 1 })
              const parameters = operation === 'update' ? (withX ? { x: '1' } : { y: '2' }) : undefined
              const asked = { token, path, operation, ...(parameters === undefined ? {} : { parameters }) }
              const said = await server.call('POST', 'sys/policies/explain', asked)
              assert.equal(said.status, 200, said.text)
              const happened = await server.call(method, path, parameters, { token })
              assert.equal(
                at(said.json, 'data', 'allowed'),
                happened.status !== 403,
                `${text}\n${said.text}\n${happened.text}`,
              )
              if (happened.status === 403) denied++
              else allowed++
            }
          }
        },
      ),
      { numRuns: 25 },
    )
    assert.ok(denied > 20 && allowed > 20, `${denied} were denied and ${allowed} allowed`)
  })

  test('is for those who have sudo on it, tells no token, and takes no two subjects', async () => {
    const ask = (body: unknown, token = server.token) => server.call('POST', 'sys/policies/explain', body, { token })
    const question = { path: 'kv/a', operation: 'read', policies: ['default'] }
    const without = await tokenWith(server, 'path "sys/policies/explain" { capabilities = ["update"] }')
    assert.equal((await ask(question, without)).status, 403)
    const token = await tokenWith(server, 'path "sys/policies/explain" { capabilities = ["update", "sudo"] }')
    assert.equal((await ask(question, token)).status, 200)
    const about = await ask({ path: 'kv/a', operation: 'read', token: without })
    assert.equal(about.status, 200)
    assert.ok(!about.text.includes(without))
    assert.equal((await ask({ ...question, token: without })).status, 400)
    assert.equal((await ask({ path: 'kv/a', operation: 'read', token: 'hvs.nobody' })).status, 400)
    assert.equal((await ask({ path: '', operation: 'read' })).status, 400)
    assert.equal((await ask({ path: 'kv/a', operation: 'deny' })).status, 400)
  })

  test('follows a policy as it changes, and one who has an entity', async () => {
    await server.call('POST', 'sys/policies/acl/own', {
      policy: 'path "kv/{{identity.entity.name}}/*" {\n  capabilities = ["read"]\n}\n',
    })
    await server.call('POST', 'sys/auth/userpass', { type: 'userpass' })
    await server.call('POST', 'auth/userpass/users/erin', { password: 'x', token_policies: ['own'] })
    const accessor = at((await server.call('GET', 'sys/auth')).json, 'data', 'userpass/', 'accessor')
    const entity = at((await server.call('POST', 'identity/entity', { name: 'erin' })).json, 'data', 'id')
    await server.call('POST', 'identity/entity-alias', { name: 'erin', mount_accessor: accessor, canonical_id: entity })
    const login = await server.call('POST', 'auth/userpass/login/erin', { password: 'x' })
    const token = at(login.json, 'auth', 'client_token')
    const explain = async (path: string) =>
      (await server.call('POST', 'sys/policies/explain', { path, operation: 'read', token })).json
    const own = await explain('kv/erin/a')
    assert.equal(at(own, 'data', 'allowed'), true)
    assert.equal(at(own, 'data', 'rule', 'path'), 'kv/erin/*')
    assert.equal(at(await explain('kv/frank/a'), 'data', 'allowed'), false)
    await server.call('POST', 'sys/policies/acl/own', { policy: 'path "kv/*" {\n  capabilities = ["deny"]\n}\n' })
    assert.equal(at(await explain('kv/erin/a'), 'data', 'reason'), 'an explicit deny')
  })
})
