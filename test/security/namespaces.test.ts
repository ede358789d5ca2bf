/** Tenants: nobody reaches what is beside or above him, by whatever way he names it; what is deleted is gone, whatever fails meanwhile. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { series, until } from '../support/callers.ts'
import { composedServer, type ComposedAnswer, type ComposedServer } from '../support/composed.ts'
import { CREATE } from '../support/database.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { PASSWORD, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startServer } from '../support/server.ts'
import { mayDo, type ModelRule, type ModelToken } from '../support/tenancy-model.ts'

const TREE = ['', 'a/', 'a/b/', 'a/b/c/', 'ab/', 'd/', 'd/b/']

const ns = (namespace: string) => ({ 'x-vault-namespace': namespace })

async function inside(
  server: ComposedServer,
  namespace: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<ComposedAnswer> {
  const answer = await server.call(method, path, body, { headers: ns(namespace) })
  assert.ok(answer.status < 300, `${namespace} ${method} ${path}: ${answer.status} ${answer.text}`)
  return answer
}

async function makeNamespace(server: ComposedServer, path: string): Promise<string> {
  const cut = path.lastIndexOf('/', path.length - 2) + 1
  const made = await inside(server, path.slice(0, cut), 'POST', `sys/namespaces/${path.slice(cut, -1)}`)
  return textAt(made.json, 'data', 'id')
}

/** With a secret in each that says where it is. */
async function forest(tree = TREE): Promise<ComposedServer> {
  const server = await composedServer()
  for (const path of tree) {
    if (path !== '') await makeNamespace(server, path)
    await inside(server, path, 'POST', 'sys/mounts/kv', { type: 'kv' })
    await inside(server, path, 'POST', 'kv/x', { here: `of ${path}` })
  }
  return server
}

let names = 0

async function tokenIn(server: ComposedServer, namespace: string, rules: readonly ModelRule[]): Promise<string> {
  const name = `p${++names}`
  const policy = rules.map(
    ({ path, capabilities }) => `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }`,
  )
  await inside(server, namespace, 'PUT', `sys/policies/acl/${name}`, { policy: policy.join('\n') })
  const made = await inside(server, namespace, 'POST', 'auth/token/create', {
    policies: [name],
    no_default_policy: true,
  })
  return textAt(made.json, 'auth', 'client_token')
}

describe('tenants', () => {
  const PATHS = [
    'kv/x',
    'kv/*',
    '*',
    '+/x',
    '+/kv/x',
    '+/kv/*',
    'b/kv/*',
    'b/kv/x',
    'b/*',
    'b/c/kv/*',
    'b/+/kv/x',
    'a/kv/x',
    'a/b/kv/*',
    'a*',
    'd/b/kv/+',
    'kv/',
    'sys/mounts',
    'sys/*',
    'b/sys/+',
    'sys/namespaces',
    'a/b/c/*',
  ]
  const ALL = ['create', 'read', 'update', 'delete', 'list']
  const GRANTS = [['read'], ['list'], ['create', 'update'], ['delete'], ['deny'], ALL, ALL, ALL, ALL, ALL, ALL]
  const OPERATIONS = [
    { method: 'GET', path: 'kv/x', needs: 'read' },
    { method: 'POST', path: 'kv/w', needs: 'update' },
    { method: 'LIST', path: 'kv/', needs: 'list' },
    { method: 'DELETE', path: 'kv/gone', needs: 'delete' },
    { method: 'GET', path: 'sys/mounts', needs: 'read' },
    { method: 'LIST', path: 'sys/namespaces/', needs: 'list' },
  ]

  test('may do what a model says, in thousands of combinations of token, namespace, operation and spelling', async () => {
    await using server = await forest()
    const random = series(20_261_125)
    const pick = <T>(list: readonly T[]): T => {
      const found = list[Math.floor(random() * list.length)]
      assert.ok(found !== undefined)
      return found
    }
    const tokens: (ModelToken & { readonly token: string })[] = [
      { namespace: '', rules: [], isRoot: true, token: server.token },
    ]
    for (const namespace of TREE) {
      for (let i = 0; i < 14; i++) {
        const rules = [...new Set([pick(PATHS), pick(PATHS), pick(PATHS), pick(PATHS), pick(PATHS)])].map((path) => ({
          path,
          capabilities: pick(GRANTS),
        }))
        tokens.push({ namespace, rules, isRoot: false, token: await tokenIn(server, namespace, rules) })
      }
    }
    // There to be updated, so that a write needs one capability.
    for (const namespace of TREE) await inside(server, namespace, 'POST', 'kv/w', { here: 'w' })
    let cells = 0
    let allowed = 0
    for (const holder of tokens) {
      for (const namespace of TREE) {
        for (const { method, path, needs } of OPERATIONS) {
          // Header alone, path alone, or part in the one and the rest in the other.
          const parts = namespace.split('/').slice(0, -1)
          const cut = Math.floor(random() * (parts.length + 1))
          const header = parts.slice(0, cut).join('/')
          const target = [...parts.slice(cut), path].join('/')
          const answer = await server.call(method, target, method === 'POST' ? { here: 'w' } : undefined, {
            token: holder.token,
            headers: ns(random() < 0.5 ? header : `${header}/`),
          })
          const may = mayDo(holder, namespace, path, needs)
          const told = `${JSON.stringify(holder)} ${method} ${header} ${target}: ${answer.status} ${answer.text}`
          assert.equal(answer.status === 403, !may, told)
          if (may) assert.ok([200, 204, 404].includes(answer.status), told)
          if (may && path === 'kv/x') assert.equal(at(answer.json, 'data', 'here'), `of ${namespace}`)
          cells++
          if (may) allowed++
        }
      }
    }
    assert.ok(cells > 4000 && allowed > 300 && allowed < cells / 2, `${allowed} of ${cells}`)
  })

  test('find no handle of another namespace: no accessor, lease, entity, role, policy, alias or locked user', async () => {
    await using server = await forest(['', 'a/', 'b/'])
    for (const namespace of ['a/', 'b/']) {
      await inside(server, namespace, 'POST', 'sys/auth/up', { type: 'userpass' })
      await inside(server, namespace, 'POST', 'auth/up/users/bob', { password: 'pass-word-1', token_policies: 'own' })
      await inside(server, namespace, 'PUT', 'sys/policies/acl/own', {
        policy: 'path "kv/*" { capabilities = ["read"] }',
      })
      await inside(server, namespace, 'POST', 'auth/token/roles/r', { allowed_policies: 'own' })
    }
    const login = await inside(server, 'a', 'POST', 'auth/up/login/bob', { password: 'pass-word-1' })
    const token = textAt(login.json, 'auth', 'client_token')
    const accessor = textAt(login.json, 'auth', 'accessor')
    const entity = textAt(login.json, 'auth', 'entity_id')
    assert.match(token, /^hvs\.[A-Za-z0-9]+\.[A-Za-z0-9]+$/)
    const mountAccessor = textAt((await inside(server, 'a', 'GET', 'sys/auth/up')).json, 'data', 'accessor')
    const everything = await tokenIn(server, 'b/', [
      { path: '*', capabilities: ['create', 'read', 'update', 'delete', 'list', 'sudo'] },
    ])
    const ask = (method: string, path: string, body?: unknown) =>
      server.call(method, path, body, { token: everything, headers: ns('b') })
    const lease = `auth/up/login/bob/h${'0'.repeat(64)}.${token.split('.')[2]}`
    const refused: readonly (readonly [string, string, object?])[] = [
      ['POST', 'auth/token/lookup-accessor', { accessor }],
      ['POST', 'auth/token/renew-accessor', { accessor }],
      ['POST', 'auth/token/lookup', { token }],
      ['POST', 'auth/token/renew', { token }],
      ['POST', 'auth/token/revoke-orphan', { token }],
      ['POST', 'sys/capabilities-accessor', { accessor, path: 'kv/x' }],
      ['POST', 'sys/capabilities', { token, path: 'kv/x' }],
      ['PUT', 'sys/leases/lookup', { lease_id: lease }],
      ['GET', `identity/entity/id/${entity}`],
      ['POST', 'identity/entity-alias', { name: 'x', mount_accessor: mountAccessor }],
      ['POST', 'identity/group', { name: 'g', member_entity_ids: [entity] }],
      ['POST', 'identity/entity/merge', { to_entity_id: entity, from_entity_ids: [entity] }],
    ]
    for (const [method, path, body] of refused) {
      const answer = await ask(method, path, body)
      assert.ok(answer.status >= 400 && answer.status < 500, `${method} ${path}: ${answer.status} ${answer.text}`)
    }
    // Those that succeed whether or not there is such a thing have done nothing.
    await ask('POST', 'auth/token/revoke', { token })
    await ask('POST', 'auth/token/revoke-accessor', { accessor })
    await ask('POST', 'identity/entity/batch-delete', { entity_ids: [entity] })
    await ask('DELETE', `identity/entity/id/${entity}`)
    await ask('PUT', 'sys/leases/revoke-prefix/auth/up/', {})
    await ask('POST', `sys/locked-users/${mountAccessor}/unlock/bob`)
    const self = await server.call('GET', 'auth/token/lookup-self', undefined, { token, headers: ns('a') })
    assert.equal(self.status, 200, self.text)
    assert.equal(at(self.json, 'data', 'namespace_path'), 'a/')
    assert.equal((await inside(server, 'a', 'GET', `identity/entity/id/${entity}`)).status, 200)
    // A log-in at one is none at the other, though name and password are the same.
    assert.equal((await server.call('GET', 'kv/x', undefined, { token, headers: ns('b') })).status, 403)
    assert.equal(
      at((await server.call('GET', 'kv/x', undefined, { token, headers: ns('a') })).json, 'data', 'here'),
      'of a/',
    )
  })

  test('cannot make a token that is good above, beside or with more than they have', async () => {
    await using server = await forest(['', 'a/', 'a/b/', 'd/'])
    const admin = await tokenIn(server, 'a/', [
      { path: '*', capabilities: ['create', 'read', 'update', 'delete', 'list', 'sudo'] },
    ])
    const ask = (namespace: string, method: string, path: string, body?: unknown, token = admin) =>
      server.call(method, path, body, { token, headers: ns(namespace) })
    for (const namespace of ['', 'd'])
      assert.equal((await ask(namespace, 'POST', 'auth/token/create', {})).status, 403, namespace)
    assert.equal((await ask('a', 'POST', 'auth/token/create', { policies: ['root'] })).status, 400)
    assert.equal((await ask('a/b', 'POST', 'auth/token/create', { policies: ['root'] })).status, 400)
    for (const policies of [['root'], ['Root'], ['default']]) {
      const below = await ask('a/b', 'POST', 'auth/token/create', { policies })
      if (below.status !== 200) continue
      const token = textAt(below.json, 'auth', 'client_token')
      assert.equal((await ask('a', 'GET', 'kv/x', undefined, token)).status, 403)
      assert.equal((await ask('a/b', 'GET', 'kv/x', undefined, token)).status, 403)
    }
    // A policy called as one above is another policy.
    await inside(server, '', 'PUT', 'sys/policies/acl/shared', {
      policy: 'path "*" { capabilities = ["read", "sudo"] }',
    })
    const made = await ask('a', 'POST', 'auth/token/create', { policies: ['shared'], no_default_policy: true })
    const token = textAt(made.json, 'auth', 'client_token')
    for (const namespace of ['', 'a', 'a/b'])
      assert.equal((await ask(namespace, 'GET', 'kv/x', undefined, token)).status, 403)
    // The suffix says where to look, not what it is good for.
    for (const spelled of [
      token.slice(0, token.lastIndexOf('.')),
      token.replace(/\.[^.]+$/, '.root'),
      `${token}.root`,
      `${token}.`,
    ])
      assert.equal((await ask('a', 'GET', 'auth/token/lookup-self', undefined, spelled)).status, 403, spelled)
    const batch = await ask('a', 'POST', 'auth/token/create', { type: 'batch', policies: ['shared'] })
    assert.equal(batch.status, 200, batch.text)
    const carried = textAt(batch.json, 'auth', 'client_token')
    assert.equal((await ask('', 'GET', 'sys/mounts', undefined, carried)).status, 403)
    assert.equal((await ask('a', 'GET', 'auth/token/lookup-self', undefined, carried)).status, 200)
  })

  test('are not reached by a wildcard that was written before they were there', async () => {
    await using server = await forest([''])
    const token = await tokenIn(server, '', [
      { path: '+/kv/x', capabilities: ['read'] },
      { path: 'lat*', capabilities: ['read'] },
      { path: '+/+/x', capabilities: ['read'] },
    ])
    for (const path of ['later/', 'later/still/']) {
      await makeNamespace(server, path)
      await inside(server, path, 'POST', 'sys/mounts/kv', { type: 'kv' })
      await inside(server, path, 'POST', 'kv/x', { here: path })
      assert.equal((await server.call('GET', `${path}kv/x`, undefined, { token })).status, 403)
      assert.deepEqual(
        at((await server.call('GET', 'sys/internal/ui/namespaces', undefined, { token })).json, 'data', 'keys'),
        undefined,
      )
    }
  })

  test('learn of a mount below only what they may use, by whatever name they ask for it', async () => {
    await using server = await forest(['', 'a/', 'a/b/'])
    const asked = async (token: string, namespace: string, path: string) =>
      server.call('GET', `sys/internal/ui/mounts/${path}`, undefined, { token, headers: ns(namespace) })
    for (const [namespace, path] of [
      ['', 'a/b/kv/x'],
      ['a/', 'b/kv/x'],
      ['a/b/', 'kv/x'],
    ] as const) {
      const found = await asked(server.token, namespace, path)
      assert.equal(textAt(found.json, 'data', 'path'), path.replace(/x$/, ''), found.text)
    }
    const weak = await tokenIn(server, 'a/', [{ path: 'kv/*', capabilities: ['read'] }])
    const refused = await asked(weak, 'a/', 'b/kv/x')
    assert.equal(refused.status, 403)
    assert.equal(
      refused.text.replaceAll('b/kv/x', '?'),
      (await asked(weak, 'a/', 'b/none/x')).text.replaceAll('b/none/x', '?'),
    )
    const strong = await tokenIn(server, 'a/', [{ path: 'b/kv/*', capabilities: ['read'] }])
    assert.equal((await asked(strong, 'a/', 'b/kv/x')).status, 200)
    assert.equal((await asked(strong, '', 'a/b/kv/x')).status, 403)
    await inside(server, 'a/', 'POST', 'sys/namespaces/api-lock/lock/b')
    assert.equal((await asked(strong, 'a/', 'b/kv/x')).status, 403)
  })

  test('are not reached by a rule that is filled in with the name of its holder', async () => {
    await using server = await forest(['', 'victim/'])
    await inside(server, '', 'POST', 'sys/auth/userpass', { type: 'userpass' })
    await inside(server, '', 'POST', 'auth/userpass/users/eve', { password: 'p4ss', token_policies: ['own'] })
    const policy = '{{identity.entity.name}}/kv/x'
    await inside(server, '', 'PUT', 'sys/policies/acl/own', {
      policy: `path "${policy}" { capabilities = ["read", "update"] }\npath "kv/{{identity.entity.name}}" { capabilities = ["create", "update"] }`,
    })
    const login = await inside(server, '', 'POST', 'auth/userpass/login/eve', { password: 'p4ss' })
    const token = textAt(login.json, 'auth', 'client_token')
    await inside(server, '', 'POST', `identity/entity/id/${textAt(login.json, 'auth', 'entity_id')}`, {
      name: 'victim',
    })
    for (const headers of [{}, ns('victim/')]) {
      const path = 'x-vault-namespace' in headers ? 'kv/x' : 'victim/kv/x'
      for (const method of ['GET', 'POST']) {
        const answer = await server.call(method, path, method === 'POST' ? { here: 'eve' } : undefined, {
          token,
          headers,
        })
        assert.equal(answer.status, 403, `${method} ${path}`)
      }
    }
    assert.equal(textAt((await inside(server, 'victim/', 'GET', 'kv/x')).json, 'data', 'here'), 'of victim/')
    assert.equal((await server.call('POST', 'kv/victim', { its: 'own' }, { token })).status, 204)
  })

  test('are told of namespaces only where they may do something in them', async () => {
    await using server = await forest()
    const token = await tokenIn(server, '', [{ path: 'a/b/kv/*', capabilities: ['read'] }])
    const keys = async (headers = {}) =>
      at((await server.call('GET', 'sys/internal/ui/namespaces', undefined, { token, headers })).json, 'data', 'keys')
    // The way to it, too.
    assert.deepEqual(await keys(), ['a/', 'a/b/'])
    // Whether a namespace is there is not told by how one is refused.
    const answers = await Promise.all(
      ['a', 'zz', 'a/zz', 'd'].map((name) => server.call('GET', 'kv/x', undefined, { token, headers: ns(name) })),
    )
    assert.equal(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, 1)
    const absent = await server.call('GET', 'kv/x', undefined, { headers: ns('zz') })
    assert.equal(absent.status, 404)
    assert.deepEqual(at(absent.json, 'errors'), ['namespace not found'])
  })
})

describe('what a token keeps for itself', () => {
  test('is apart in each namespace it is used in, and all of it goes with the token', async () => {
    await using server = await forest(['', 'a/', 'a/b/', 'd/'])
    const before = await server.storedKeys('logical/')
    const token = await tokenIn(server, 'a/', [
      { path: 'cubbyhole/*', capabilities: ['create', 'read', 'update', 'list'] },
      { path: 'b/cubbyhole/*', capabilities: ['create', 'read', 'update', 'list'] },
    ])
    const ask = (namespace: string, method: string, path: string, body?: unknown, own = token) =>
      server.call(method, path, body, { token: own, headers: ns(namespace) })
    for (const namespace of ['a', 'a/b']) {
      assert.equal((await ask(namespace, 'POST', 'cubbyhole/x', { here: namespace })).status, 204)
      assert.equal((await ask(namespace, 'POST', 'cubbyhole/y/z', { here: namespace })).status, 204)
    }
    for (const namespace of ['a', 'a/b']) {
      assert.equal(at((await ask(namespace, 'GET', 'cubbyhole/x')).json, 'data', 'here'), namespace)
      assert.deepEqual(listAt((await ask(namespace, 'LIST', 'cubbyhole/')).json, 'data', 'keys'), ['x', 'y/'])
      assert.equal((await ask(namespace, 'GET', 'cubbyhole/x', undefined, server.token)).status, 404)
    }
    for (const path of ['cubbyhole/foreign/x', 'cubbyhole/../x']) assert.ok((await ask('a', 'GET', path)).status >= 400)
    await inside(server, 'a', 'POST', 'auth/token/revoke', { token })
    await until('its end', async () =>
      (await server.storedKeys('logical/')).length === before.length ? true : undefined,
    )
    assert.deepEqual(await server.storedKeys('logical/'), before)
  })

  test('a wrapped reply is unwrapped by whoever holds the token, wherever he asks', async () => {
    await using server = await forest(['', 'a/', 'd/'])
    const wrapped = async () => {
      const answer = await server.call('GET', 'kv/x', undefined, { headers: { ...ns('a'), 'x-vault-wrap-ttl': '60' } })
      return textAt(answer.json, 'wrap_info', 'token')
    }
    const own = await wrapped()
    assert.match(own, /\.\w+\.\w+$/)
    const there = await server.call('POST', 'sys/wrapping/unwrap', {}, { token: own })
    assert.equal(at(there.json, 'data', 'here'), 'of a/', there.text)
    assert.equal((await server.call('POST', 'sys/wrapping/unwrap', {}, { token: own })).status, 400)
    const other = await wrapped()
    assert.equal((await server.call('POST', 'sys/wrapping/unwrap', {}, { token: other, headers: ns('d') })).status, 403)
    const named = await inside(server, 'd', 'POST', 'sys/wrapping/unwrap', { token: other })
    assert.equal(at(named.json, 'data', 'here'), 'of a/')
  })
})

test('a snapshot has all namespaces, and brings them back with what was in them', async () => {
  await using server = await forest(['', 'a/', 'a/b/'])
  const token = await tokenIn(server, 'a/b/', [{ path: 'kv/*', capabilities: ['read'] }])
  const taken = await server.call('GET', 'sys/storage/raft/snapshot')
  assert.equal(taken.status, 200, taken.text)
  assert.ok((await server.call('DELETE', 'sys/namespaces/b', undefined, { headers: ns('a') })).status <= 204)
  await makeNamespace(server, 'later/')
  assert.equal((await server.call('GET', 'kv/x', undefined, { token, headers: ns('a/b') })).status, 403)
  const restored = await server.call('POST', 'sys/storage/raft/snapshot', taken.bytes)
  assert.ok(restored.status <= 204, restored.text)
  const back = await server.call('GET', 'kv/x', undefined, { token, headers: ns('a/b') })
  assert.equal(at(back.json, 'data', 'here'), 'of a/b/', back.text)
  assert.equal((await server.call('GET', 'kv/x', undefined, { headers: ns('later') })).status, 404)
})

describe('names and spellings', () => {
  test('nothing that is reserved, or might be taken for it, is a namespace, nor is one deleted by such a name', async () => {
    await using server = await forest(['', 't/'])
    const bad = [
      'root',
      'ROOT',
      'Root',
      'r%6fot',
      'sys',
      'SYS',
      'auth',
      'audit',
      'identity',
      'cubbyhole',
      '.',
      '..',
      '%2e%2e',
      '%2e',
      'ro%E2%80%8Bot',
      '%EF%BD%92oot',
      'a%2fb',
      'a%20b',
      'a*',
      '+',
      '%7B%7Bx%7D%7D',
      'a%00',
      'a%5cb',
      'a%25b',
      'root/',
      '/root/',
      'x/',
      '',
    ]
    for (const namespace of ['', 't']) {
      for (const name of bad) {
        for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) {
          const answer = await server.call(method, `sys/namespaces/${name}`, method === 'PATCH' ? {} : undefined, {
            headers: {
              ...ns(namespace),
              ...(method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {}),
            },
          })
          assert.ok(answer.status >= 400 && answer.status < 500, `${method} ${name}: ${answer.status} ${answer.text}`)
        }
        const lock = await server.call('POST', `sys/namespaces/api-lock/lock/${name}`, {}, { headers: ns(namespace) })
        assert.ok(name === '' || (lock.status >= 400 && lock.status < 500), `${name}: ${lock.status} ${lock.text}`)
      }
    }
    assert.equal((await server.call('POST', 'sys/namespaces/api-lock/lock', {})).status, 400)
    assert.deepEqual(listAt((await server.call('LIST', 'sys/namespaces')).json, 'data', 'keys'), ['t/'])
    assert.equal((await inside(server, 't', 'GET', 'kv/x')).status, 200)
  })

  test('a header is one canonical path, or refused', async () => {
    await using server = await startServer()
    const made = await server.call('POST', 'sys/namespaces/t')
    assert.equal(made.status, 200, made.text)
    const ask = async (value: string | string[]) =>
      (await server.call('GET', 'sys/mounts', undefined, { headers: { 'X-Vault-Namespace': value } })).status
    for (const same of ['t', 't/', '/t', '/t/']) assert.equal(await ask(same), 200, same)
    for (const root of ['', '/', 'root', 'root/', '/root/']) assert.equal(await ask(root), 200, root)
    for (const refused of ['//', 't//u', '../', '..', 't/..', 't/../t', './t', 't/.', '//t', 't//'])
      assert.equal(await ask(refused), 400, refused)
    for (const absent of ['T', 'ROOT', '%74', 't%2f', 't/root', 'sys', 't,t', 'root/t', 't/t'])
      assert.equal(await ask(absent), 404, absent)
    assert.equal(await ask(['t', 't']), 400)
    assert.equal(await ask(['t', '']), 400)
    for (const path of [
      't/../sys/mounts',
      't/%2e%2e/sys/mounts',
      't%2f..%2fsys/mounts',
      't//sys/mounts',
      't/./sys/mounts',
    ]) {
      const answer = await server.call('GET', path)
      assert.equal(answer.status, 400, path)
    }
    // An escape is read once: as the name says, and not what that might mean.
    assert.equal((await server.call('GET', '%74/sys/mounts')).status, 200)
    assert.equal((await server.call('GET', 't%2fsys/mounts')).status, 200)
    assert.equal((await server.call('GET', '%2574/sys/mounts')).status, 404)
  })

  test('a mount and a namespace are never found at the same path', async () => {
    await using server = await forest(['', 'a/'])
    const refused: readonly (readonly [string, string, object?])[] = [
      ['POST', 'sys/mounts/a', { type: 'kv' }],
      ['POST', 'sys/mounts/a/x', { type: 'kv' }],
      ['POST', 'sys/namespaces/kv'],
      // It goes into the namespace, where there is one.
      ['POST', 'sys/remount', { from: 'kv', to: 'a/kv' }],
      ['POST', 'sys/remount', { from: 'kv', to: 'a' }],
    ]
    for (const [method, path, body] of refused)
      assert.equal((await server.call(method, path, body)).status, 400, `${method} ${path}`)
    await Promise.all([
      server.call('POST', 'sys/mounts/both', { type: 'kv' }),
      server.call('POST', 'sys/namespaces/both'),
    ])
    const mounts = Object.keys(Object(at((await server.call('GET', 'sys/mounts')).json, 'data')))
    const spaces = listAt((await server.call('LIST', 'sys/namespaces')).json, 'data', 'keys')
    assert.equal(Number(mounts.includes('both/')) + Number(spaces.includes('both/')), 1)
  })
})

describe('what is the root namespace’s', () => {
  const PATHS: readonly (readonly [string, string])[] = [
    ['GET', 'sys/health'],
    ['GET', 'sys/seal-status'],
    ['GET', 'sys/leader'],
    ['GET', 'sys/ha-status'],
    ['PUT', 'sys/seal'],
    ['PUT', 'sys/step-down'],
    ['GET', 'sys/key-status'],
    ['PUT', 'sys/rotate'],
    ['GET', 'sys/audit'],
    ['PUT', 'sys/audit/x'],
    ['GET', 'sys/config/cors'],
    ['GET', 'sys/metrics'],
    ['GET', 'sys/host-info'],
    ['GET', 'sys/loggers'],
    ['GET', 'sys/in-flight-req'],
    ['GET', 'sys/raw/core/cluster'],
    ['LIST', 'sys/version-history'],
    ['GET', 'sys/config/state/sanitized'],
    ['GET', 'sys/storage/raft/snapshot'],
    ['GET', 'sys/init'],
  ]
  test('is an unsupported path in every other, and does nothing there', async () => {
    await using server = await forest(['', 'a/'])
    for (const [method, path] of PATHS) {
      for (const [target, headers] of [
        [path, ns('a')],
        [`a/${path}`, {}],
      ] as const) {
        const answer = await server.call(method, target, method === 'PUT' ? {} : undefined, { headers })
        assert.equal(answer.status, 404, `${method} ${target}: ${answer.text}`)
        assert.match(answer.text, /unsupported path/, target)
        assert.equal((await server.call(method, target, undefined, { headers, token: '' })).status, 403, target)
      }
    }
    assert.equal((await server.call('GET', 'sys/health')).status, 200)
  })
})

describe('a storage that fails', () => {
  for (const kind of ['failCommit', 'failFromCommit', 'loseAnswerOfCommit'] as const) {
    test(`${kind} while creating leaves all or nothing, and it can be done again`, async () => {
      for (let k = 1; k <= 3; k++) {
        await using server = await forest(['', 'a/'])
        server.driver.plan({ [kind]: k })
        const answer = await server.call('POST', 'sys/namespaces/new', {}, { headers: ns('a') })
        assert.ok([200, 500, 503].includes(answer.status), `${k}: ${answer.status} ${answer.text}`)
        server.driver.plan({})
        await server.restart()
        await inside(server, 'a', 'POST', 'sys/namespaces/new')
        await inside(server, 'a/new', 'POST', 'sys/mounts/kv', { type: 'kv' })
        await inside(server, 'a/new', 'POST', 'auth/token/create', {})
        assert.deepEqual(listAt((await inside(server, 'a', 'LIST', 'sys/namespaces')).json, 'data', 'keys'), ['new/'])
      }
    })

    test(`${kind} while deleting: it goes on after a restart, until nothing is left`, async () => {
      for (let k = 1; k <= 24; k++) {
        await using server = await forest(['', 'a/'])
        const before = await tenantKeys(server)
        const id = await makeNamespace(server, 'a/gone/')
        const token = await fill(server, 'a/gone')
        server.driver.plan({ [kind]: k })
        const answer = await server.call('DELETE', 'sys/namespaces/gone', undefined, { headers: ns('a') })
        assert.ok([200, 204, 500, 503].includes(answer.status), `${k}: ${answer.status} ${answer.text}`)
        const commits = server.driver.commits
        server.driver.plan({})
        await server.restart()
        await server.call('DELETE', 'sys/namespaces/gone', undefined, { headers: ns('a') })
        await until(`the end of the namespace at ${k}`, async () =>
          (await server.call('GET', 'sys/namespaces/gone', undefined, { headers: ns('a') })).status === 404
            ? true
            : undefined,
        )
        assert.deepEqual(
          (await server.storedKeys()).filter((key) => key.includes(id)),
          [],
          `${k}`,
        )
        assert.deepEqual(await tenantKeys(server), before, `${k}`)
        assert.equal((await server.call('GET', 'kv/x', undefined, { token, headers: ns('a/gone') })).status, 403)
        // One of the same name is another.
        await makeNamespace(server, 'a/gone/')
        assert.equal(
          (await server.call('GET', 'auth/token/lookup-self', undefined, { token, headers: ns('a/gone') })).status,
          403,
        )
        if (commits < k) break
      }
    })
  }

  /** Something of everything a namespace can hold. */
  async function fill(server: ComposedServer, namespace: string): Promise<string> {
    const write = (path: string, body: unknown) => inside(server, namespace, 'POST', path, body)
    await write('sys/mounts/kv', { type: 'kv', options: { version: '2' } })
    for (let i = 0; i < 5; i++) await write(`kv/data/k${i}`, { data: { i } })
    await write('sys/auth/up', { type: 'userpass' })
    await write('auth/up/users/bob', { password: 'pass-word-1' })
    await write('auth/up/login/bob', { password: 'pass-word-1' })
    await write('sys/policies/acl/p', { policy: 'path "*" { capabilities = ["read"] }' })
    await write('sys/policies/password/w', { policy: 'length = 20\nrule "charset" {\n  charset = "abcde"\n}' })
    await write('auth/token/roles/r', {})
    await write('identity/group', { name: 'g', policies: ['p'] })
    const made = await write('auth/token/create', { policies: ['p'] })
    const token = textAt(made.json, 'auth', 'client_token')
    const own = await server.call('POST', 'cubbyhole/c', { a: 1 }, { token, headers: ns(namespace) })
    assert.equal(own.status, 204)
    await write('auth/token/create', { ttl: '1h' })
    const wrapped = await server.call('GET', 'sys/mounts', undefined, {
      headers: { ...ns(namespace), 'x-vault-wrap-ttl': '60' },
    })
    assert.equal(wrapped.status, 200)
    return token
  }

  /** Who was a client in a month was one, whatever has become of his namespace. */
  async function tenantKeys(server: ComposedServer): Promise<readonly string[]> {
    return (await server.storedKeys()).filter((key) => !key.startsWith('core/activity/clients/'))
  }
})

describe('a namespace that is deleted', () => {
  let server: ComposedServer
  before(async () => {
    server = await forest(['', 'a/', 'a/b/'])
  })
  after(() => server[Symbol.asyncDispose]())

  test('stays while there are others in it', async () => {
    const answer = await server.call('DELETE', 'sys/namespaces/a')
    assert.equal(answer.status, 400)
    assert.deepEqual(at(answer.json, 'errors'), ['child namespaces exist under path "a/", cannot remove'])
    assert.equal((await inside(server, 'a/b', 'GET', 'kv/x')).status, 200)
  })

  test('takes no write that was under way, and its tokens end in the same moment', async () => {
    const token = await tokenIn(server, 'a/b/', [{ path: '*', capabilities: ['create', 'update', 'read', 'list'] }])
    const { promise: late, resolve: arrive } = Promise.withResolvers<void>()
    const under = ['kv/late', 'sys/policies/acl/late', 'identity/entity', 'auth/token/create', 'sys/mounts/late'].map(
      (path) =>
        server.call(
          'POST',
          path,
          { policy: 'path "x" { capabilities = ["read"] }', type: 'kv', name: 'late' },
          { token, late, headers: ns('a/b') },
        ),
    )
    assert.ok((await server.call('DELETE', 'sys/namespaces/b', undefined, { headers: ns('a') })).status < 300)
    arrive()
    for (const { status, text } of await Promise.all(under)) assert.ok(status >= 400, `${status} ${text}`)
    assert.equal((await server.call('GET', 'kv/x', undefined, { token, headers: ns('a/b') })).status, 403)
    assert.deepEqual(
      (await server.storedKeys()).filter((key) => key.includes('late')),
      [],
    )
    assert.ok((await server.call('DELETE', 'sys/namespaces/a')).status < 300)
    assert.equal((await server.call('LIST', 'sys/namespaces')).status, 404)
  })
})

test(
  'a namespace whose credentials cannot be taken back stays, closed, until they are',
  { skip: withoutPostgres() },
  async () => {
    await using postgres = await startPostgres()
    await using server = await forest(['', 'a/', 'a/b/'])
    const write = (path: string, body: unknown) => inside(server, 'a/b', 'POST', path, body)
    await write('sys/mounts/db', { type: 'database' })
    await write('db/config/pg', {
      plugin_name: 'postgresql-database-plugin',
      connection_url: `postgres://{{username}}:{{password}}@127.0.0.1:${postgres.port}/postgres?sslmode=disable&connect_timeout=2`,
      username: 'coffer',
      password: PASSWORD,
      allowed_roles: '*',
    })
    await write('db/roles/app', { db_name: 'pg', creation_statements: CREATE, default_ttl: '1h' })
    const users = async () => (await postgres.sql(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'`)).length
    for (let i = 0; i < 20; i++) {
      const { json } = await inside(server, 'a/b', 'GET', 'db/creds/app')
      assert.match(textAt(json, 'lease_id'), /^db\/creds\/app\/\w+\.\w+$/)
    }
    assert.equal(await users(), 20)
    await postgres.stop('SIGINT')
    const first = await server.call('DELETE', 'sys/namespaces/b', undefined, { headers: ns('a') })
    assert.equal(at(first.json, 'data', 'status'), 'in-progress', first.text)
    assert.equal(at((await inside(server, 'a', 'GET', 'sys/namespaces/b')).json, 'data', 'tainted'), true)
    for (const [method, path] of [
      ['GET', 'kv/x'],
      ['POST', 'sys/mounts/new'],
      ['GET', 'db/creds/app'],
    ] as const)
      assert.equal((await server.call(method, path, { type: 'kv' }, { headers: ns('a/b') })).status, 404)
    for (const [method, path] of [
      ['POST', 'sys/namespaces/b'],
      ['DELETE', 'sys/namespaces/a'],
    ] as const)
      assert.equal((await server.call(method, path, {}, path.endsWith('b') ? { headers: ns('a') } : {})).status, 400)
    await server.restart()
    await postgres.start()
    await server.call('DELETE', 'sys/namespaces/b', undefined, { headers: ns('a') })
    await until('the end of the namespace', async () =>
      (await server.call('GET', 'sys/namespaces/b', undefined, { headers: ns('a') })).status === 404 ? true : undefined,
    )
    assert.equal(await users(), 0)
  },
)

describe('an API that is locked', () => {
  test('answers nothing but what unlocks it and what needs no token, in it and all below', async () => {
    await using server = await forest(['', 'a/', 'a/b/', 'd/'])
    const admin = await tokenIn(server, 'a/', [
      { path: 'sys/namespaces/api-lock/*', capabilities: ['update'] },
      { path: 'kv/*', capabilities: ['read'] },
    ])
    await inside(server, 'a', 'POST', 'sys/auth/up', { type: 'userpass' })
    await inside(server, 'a', 'POST', 'auth/up/users/bob', { password: 'pass-word-1' })
    const ask = (namespace: string, method: string, path: string, body?: unknown, token = admin) =>
      server.call(method, path, body, { token, headers: ns(namespace) })
    const locked = await ask('a', 'POST', 'sys/namespaces/api-lock/lock', {})
    assert.equal(locked.status, 200, locked.text)
    const key = textAt(locked.json, 'data', 'unlock_key')
    assert.ok(key.length >= 20)
    const reason =
      'API access to this namespace has been locked by an administrator - "a/" must be unlocked to gain access.'
    for (const namespace of ['a', 'a/b']) {
      for (const token of [admin, server.token, ''])
        for (const [method, path] of [
          ['GET', 'kv/x'],
          ['GET', 'sys/mounts'],
          ['LIST', 'sys/namespaces'],
          ['POST', 'auth/up/login/bob'],
          ['POST', 'sys/namespaces/api-lock/lock'],
          ['GET', 'auth/token/lookup-self'],
        ] as const) {
          const answer = await ask(namespace, method, path, undefined, token)
          assert.equal(answer.status, 503, `${namespace} ${method} ${path}: ${answer.text}`)
          assert.deepEqual(at(answer.json, 'errors'), [reason])
        }
    }
    assert.equal((await ask('a', 'GET', 'sys/internal/ui/mounts', undefined, '')).status, 200)
    for (const free of ['', 'd'])
      assert.equal((await ask(free, 'GET', 'kv/x', undefined, server.token)).status, 200, free)
    assert.equal(at((await server.call('GET', 'sys/namespaces/a')).json, 'data', 'locked'), true)
    // It outlives the server, and neither the key nor what it is made of is in the storage's keys.
    await server.restart()
    assert.equal((await ask('a', 'GET', 'kv/x')).status, 503)
    for (const wrong of [{}, { unlock_key: '' }, { unlock_key: 'x' }, { unlock_key: `${key}x` }])
      assert.equal((await ask('a', 'POST', 'sys/namespaces/api-lock/unlock', wrong)).status, 400)
    assert.equal((await ask('a/b', 'POST', 'sys/namespaces/api-lock/unlock', { unlock_key: key })).status, 403)
    assert.equal((await ask('a', 'POST', 'sys/namespaces/api-lock/unlock', { unlock_key: key })).status, 204)
    assert.equal((await ask('a', 'GET', 'kv/x')).status, 200)
    // Whoever has sudo needs no key.
    assert.equal((await server.call('POST', 'sys/namespaces/api-lock/lock/a/b', {})).status, 200)
    assert.equal((await server.call('POST', 'sys/namespaces/api-lock/lock/a/b', {})).status, 400)
    assert.equal((await ask('a', 'GET', 'kv/x')).status, 200)
    assert.equal((await ask('a/b', 'GET', 'kv/x', undefined, server.token)).status, 503)
    assert.ok((await server.call('POST', 'sys/namespaces/api-lock/unlock/a/b', {})).status < 300)
    assert.equal((await ask('a/b', 'GET', 'kv/x', undefined, server.token)).status, 200)
  })
})
