/** What policies promise, asked over HTTP: denials that no other spelling passes by, and answers about rights that are the decisions. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createToken, series, tokenWith } from '../support/callers.ts'
import { request } from '../support/http.ts'
import { at, listAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** As policies are written in the documentation and in the wild. `COFFER_GOLDEN=write` writes anew what they reach. */
const GLOBS = [
  'auth/token/*',
  'auth/token/create*',
  'auth/token/create/*',
  'auth/token/roles/*',
  'auth/token/lookup*',
  'auth/token/re*',
  'secret/*',
  'secret/data/*',
  'secret/metadata/*',
  'secret/+/app/*',
  'old/*',
  'cubbyhole/*',
  'identity/*',
  'identity/entity/*',
  'identity/entity/id/*',
  'identity/+/name/*',
  'identity/group*',
  'sys/*',
  'sys/mounts/*',
  'sys/mounts/+/tune',
  'sys/auth/*',
  'sys/policies/acl/*',
  'sys/leases/*',
  'sys/leases/lookup*',
  'sys/leases/revoke*',
  'sys/wrapping/*',
  'sys/internal/*',
  'sys/tools/*',
  'sys/rotate*',
  'sys/config/*',
  'sys/audit*',
]

describe('policies', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ storage: 'inmem' })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'sys/mounts/old', { type: 'kv' })
  })
  after(() => server[Symbol.asyncDispose]())

  const statusOf = async (token: string, method: string, path: string, body?: unknown) =>
    (await server.call(method, path, body, { token })).status

  test('that deny a name deny it in any case and with blanks around it', async () => {
    const token = await tokenWith(
      server,
      `
      path "sys/policies/acl/*" { capabilities = ["create", "read", "update", "delete"] }
      path "sys/policies/acl/ops" { capabilities = ["deny"] }
      path "sys/policy/*" { capabilities = ["create", "read", "update", "delete"] }
      path "sys/policy/ops" { capabilities = ["deny"] }
      path "auth/token/roles/*" { capabilities = ["create", "read", "update", "delete"] }
      path "auth/token/roles/admin" { capabilities = ["deny"] }
      path "secret/data/*" { capabilities = ["create", "read", "update"] }
      path "secret/data/example" { capabilities = ["deny"] }`,
    )
    await server.call('POST', 'secret/data/EXAMPLE', { data: { a: 1 } })
    for (const name of ['ops', 'OPS', 'Ops', 'oPS', 'ops%20', '%20ops', '%6fps', '\uff4f\uff50\uff53'].map((one) =>
      encodeURI(one).replaceAll('%25', '%'),
    )) {
      for (const path of [`sys/policies/acl/${name}`, `sys/policy/${name}`]) {
        for (const method of ['GET', 'PUT', 'DELETE'])
          assert.equal(
            await statusOf(token, method, path, { policy: 'path "x" { capabilities = ["read"] }' }),
            403,
            `${method} ${path}`,
          )
      }
    }
    for (const name of ['admin', 'ADMIN', 'Admin'])
      assert.equal(await statusOf(token, 'POST', `auth/token/roles/${name}`, {}), 403, name)
    assert.equal(await statusOf(token, 'POST', 'auth/token/roles/admin%20', {}), 400, 'no role has such a name')
    for (const name of ['example', 'EXAMPLE', 'Example', 'example%20']) {
      assert.equal(await statusOf(token, 'GET', `secret/data/${name}`), 403, name)
      assert.equal(await statusOf(token, 'POST', `secret/data/${name}`, { data: {} }), 403, name)
    }
    assert.equal(
      await statusOf(token, 'PUT', 'sys/policies/acl/other', { policy: 'path "x" { capabilities = ["read"] }' }),
      204,
      'the grant itself works',
    )
    assert.equal(await statusOf(token, 'POST', 'secret/data/examples', { data: {} }), 200)
  })

  test('that deny a value of a parameter deny it wherever and however it is sent', async () => {
    const token = await tokenWith(
      server,
      `
      path "auth/token/create" { capabilities = ["create", "update", "sudo"] denied_parameters = { "policies" = ["*admin*"] } }`,
    )
    await server.call('PUT', 'sys/policies/acl/admin', { policy: 'path "*" { capabilities = ["read"] }' })
    const bodies = [
      '{"policies":["admin"]}',
      '{"policies":"admin"}',
      '{"policies":"x,admin"}',
      '{"policies":["x","ADMIN"]}',
      '{"policies":" Admin "}',
      '{"policies":[["admin"]]}',
      '{"policies":{"a":"admin"}}',
      '{"Policies":["admin"]}',
      '{"POLICIES":"admin"}',
      '{"policies":["x"],"policies":["admin"]}',
      '{"\\u0070olicies":["\\u0061dmin"]}',
      '{"policies":["sub-admin-x"]}',
      '{"policies":["\uff41dmin"]}',
    ]
    for (const bytes of bodies)
      assert.equal((await server.call('POST', 'auth/token/create', undefined, { token, bytes })).status, 403, bytes)
    assert.equal(await statusOf(token, 'POST', 'auth/token/create?policies=admin'), 403)
    assert.equal(await statusOf(token, 'POST', 'auth/token/create?policies=admin', { policies: ['x'] }), 403)
    assert.equal(await statusOf(token, 'POST', 'auth/token/create?policies=x', { policies: ['admin'] }), 403)
    assert.equal(await statusOf(token, 'POST', 'auth/token/create', { policies: ['default'] }), 200)
  })

  test('give the same right whatever the order they are named or written in', async () => {
    const texts = [
      'path "secret/data/o/*" { capabilities = ["read"] }',
      'path "secret/data/o/x" { capabilities = ["deny"] }',
      'path "secret/data/o/*" { capabilities = ["update","create"] denied_parameters = { "data" = [] } }',
      'path "secret/+/o/x" { capabilities = ["read"] }',
    ]
    await Promise.all(texts.map((policy, i) => server.call('PUT', `sys/policies/acl/o${i}`, { policy })))
    await server.call('POST', 'secret/data/o/x', { data: { a: 1 } })
    const seen = new Set<string>()
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
      [2, 0, 3, 1],
    ]) {
      const token = await createToken(server, { policies: order.map((i) => `o${i}`), no_default_policy: true })
      const written = await tokenWith(server, order.map((i) => texts[i]).join('\n'))
      for (const one of [token, written]) {
        seen.add(
          [
            await statusOf(one, 'GET', 'secret/data/o/x'),
            await statusOf(one, 'GET', 'secret/data/o/y'),
            await statusOf(one, 'POST', 'secret/data/o/z', { data: {} }),
            await statusOf(one, 'POST', 'secret/data/o/z', {}),
          ].join(),
        )
      }
    }
    assert.deepEqual([...seen], ['403,404,403,400'])
  })

  test('decide about a list by its folder, whichever way it is asked for', async () => {
    const token = await tokenWith(
      server,
      `
      path "secret/metadata/*" { capabilities = ["list", "scan"] }
      path "secret/metadata/private/*" { capabilities = ["deny"] }
      path "secret/metadata/private/granted/*" { capabilities = ["list", "scan"] }`,
    )
    for (const name of ['private/a', 'private/granted/b', 'test/c'])
      await server.call('POST', `secret/data/${name}`, { data: {} })
    for (const folder of ['private', 'private/', 'PRIVATE', 'private/other', 'private/other/']) {
      for (const [method, query] of [
        ['LIST', ''],
        ['GET', '?list=true'],
        ['GET', '?list=1'],
        ['SCAN', ''],
        ['GET', '?scan=true'],
      ]) {
        assert.equal(
          await statusOf(token, method ?? '', `secret/metadata/${folder}${query}`),
          403,
          `${method} ${folder}${query}`,
        )
      }
    }
    for (const folder of ['private/granted', 'private/granted/', 'test', 'test/'])
      assert.equal(await statusOf(token, 'LIST', `secret/metadata/${folder}`), 200, folder)
    for (const path of ['secret/', 'secret', 'foo/', 'sys/policies/acl'])
      assert.equal(await statusOf(token, 'LIST', path), 403, path)
  })

  test('that limit pages limit them whatever limit is asked for', async () => {
    for (let i = 0; i < 25; i++) await server.call('POST', `secret/data/many/k${i}`, { data: {} })
    const token = await tokenWith(
      server,
      'path "secret/+/many/*" { capabilities = ["list", "scan"] pagination_limit = 10 }',
    )
    for (const query of [
      '',
      '?limit=0',
      '?limit=-1',
      '?limit=1e9',
      '?limit=NaN',
      '?limit=999',
      '?limit=5&limit=999',
      '?limit=999&limit=5',
      '?Limit=999',
      '?limit=',
      '?limit=10',
      '?limit=0x10',
      '?limit=max',
    ]) {
      for (const endpoint of ['metadata', 'detailed-metadata']) {
        const answer = await server.call('LIST', `secret/${endpoint}/many/${query}`, undefined, { token })
        if (answer.status === 200) assert.ok(listAt(answer.json, 'data', 'keys').length <= 10, query)
        else assert.ok(answer.status === 400 || answer.status === 403, `${query}: ${answer.status}`)
        assert.ok((answer.text.match(/current_version/g) ?? []).length <= 10, query)
      }
    }
    assert.equal(
      listAt((await server.call('LIST', 'secret/metadata/many/?limit=10', undefined, { token })).json, 'data', 'keys')
        .length,
      10,
    )
  })

  test('have no name that is a path, a list, a control character or too long; nor does a token hold one', async () => {
    const policy = 'path "*" { capabilities = ["read"] }'
    for (const name of [
      '..%2froot',
      'ns1%2f..%2fx',
      'a/b',
      'a%2fb',
      '',
      '%00',
      'a%00',
      'x'.repeat(300),
      '%ef%bd%92%ef%bd%8f%ef%bd%8f%ef%bd%94',
      'a,b',
      '*',
      '%2a',
      'ro%e2%80%8bot',
    ]) {
      const { status } = await server.call('PUT', `sys/policies/acl/${name}`, { policy })
      assert.ok(status === 400 || status === 404 || status === 405, `${name}: ${status}`)
    }
    for (const name of [
      'root',
      'ROOT',
      'Root',
      '%20root',
      'root%20',
      'response-wrapping',
      'Response-Wrapping',
      'control-group',
    ]) {
      assert.equal((await server.call('PUT', `sys/policies/acl/${name}`, { policy })).status, 400, name)
      assert.equal((await server.call('DELETE', `sys/policies/acl/${name}`)).status, 400, name)
    }
    for (const name of [
      '../root',
      'a/b',
      '\u0000',
      'x'.repeat(300),
      '\uff52\uff4f\uff4f\uff54',
      'r\u200boot',
      'r\u043eot\u0000',
    ]) {
      for (const path of ['auth/token/create', 'auth/token/create-orphan']) {
        const { status, text } = await server.call('POST', path, { policies: [name, 'default'] })
        assert.equal(status, 400, `${JSON.stringify(name)}: ${text}`)
      }
    }
    for (const name of ['__proto__', 'constructor', 'tostring']) {
      const token = await createToken(server, { policies: [name], no_default_policy: true })
      assert.equal(await statusOf(token, 'GET', 'secret/data/o/x'), 403, 'a policy that does not exist grants nothing')
      await server.call('PUT', `sys/policies/acl/${name}`, {
        policy: 'path "secret/data/o/x" { capabilities = ["read"] }',
      })
      assert.equal(await statusOf(token, 'GET', 'secret/data/o/x'), 200)
      assert.equal((await server.call('DELETE', `sys/policies/acl/${name}`)).status, 204)
      assert.equal(await statusOf(token, 'GET', 'secret/data/o/x'), 403, 'and its removal counts at once')
    }
  })

  test('with globs of many stars cost no more than others', async () => {
    const stars = `${'a*'.repeat(20)}b`
    const written = await server.call('PUT', 'sys/policies/acl/stars', {
      policy: `path "secret/data/s" { capabilities = ["create","update"] allowed_parameters = { "data" = ["${stars}"] "*" = ["${stars}", "*x*y*"] } }`,
    })
    if (written.status !== 204) assert.equal(written.status, 400)
    const token = await createToken(server, { policies: ['stars'], no_default_policy: true })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        statusOf(token, 'POST', 'secret/data/s', { data: {}, other: 'a'.repeat(10_000) }),
      ),
    )
    assert.deepEqual([...new Set(answers)], [403])
    const segments = await tokenWith(server, `path "${'+/'.repeat(60)}x*" { capabilities = ["read"] }`)
    assert.equal(await statusOf(segments, 'GET', `secret/${'a/'.repeat(200)}b`), 403)
  })

  test('written from a template grant nothing to a token without an entity, and no metadata of a token fills them', async () => {
    const token = await tokenWith(
      server,
      `
      path "secret/data/{{identity.entity.id}}/*" { capabilities = ["read"] }
      path "secret/data/{{identity.entity.metadata.scope}}*" { capabilities = ["read"] }
      path "secret/data/{{identity.entity.aliases.auth_token_x.metadata.scope}}/*" { capabilities = ["read"] }`,
      { meta: { scope: '*' }, display_name: '*' },
    )
    await server.call('POST', 'secret/data/t/x', { data: {} })
    for (const path of ['t/x', '*', '{{identity.entity.id}}/x', 'x'])
      assert.equal(await statusOf(token, 'GET', `secret/data/${encodeURIComponent(path)}`), 403, path)
  })

  test('reach the endpoints that are listed, and no new one falls under an old rule unseen', async () => {
    const document = await server.call('GET', 'sys/internal/specs/openapi')
    const endpoints = new Map(
      Object.entries(Object(at(document.json, 'paths'))).map(([template, item]) => [
        template.slice(1),
        ['get', 'post', 'patch', 'delete'].filter((verb) => Object.hasOwn(Object(item), verb)),
      ]),
    )
    // A name of two segments for those that take a path.
    const asked = new Map(
      [...endpoints.keys()].map((template) => [
        template,
        template.replace(/\{path\}/g, 'app/x').replace(/\{\w+\}/g, 'app'),
      ]),
    )
    let text = ''
    for (const glob of GLOBS) {
      const token = await tokenWith(
        server,
        `path "${glob}" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }`,
      )
      const answer = await server.call('POST', 'sys/capabilities', { token, paths: [...asked.values()] })
      const reached = [...asked]
        .filter(([, path]) => !listAt(answer.json, 'data', path).includes('deny'))
        .map(([template]) => template)
      text += `${glob}\n${reached
        .toSorted()
        .map((template) => `  ${template} ${endpoints.get(template)?.join(' ')}\n`)
        .join('')}`
    }
    const file = join(import.meta.dirname, 'reach.txt')
    if (process.env['COFFER_GOLDEN'] === 'write') writeFileSync(file, text)
    else assert.equal(text, readFileSync(file, 'utf8'))
  })
})

describe('sys/capabilities-self', () => {
  let server: TestServer
  const PREFIXES = ['kv', 'kv/a', 'kv/a/b', 'kv/b', 'kv/a/b/c', 'KV/a', 'kv/A']
  before(async () => {
    server = await startServer({ storage: 'inmem' })
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  })
  after(() => server[Symbol.asyncDispose]())

  test('agrees with what is decided, for generated policies and paths', async () => {
    const random = series(42)
    const pick = <T>(list: readonly T[]): T => {
      const found = list[Math.floor(random() * list.length)]
      if (found === undefined) throw new Error('nothing to pick from')
      return found
    }
    const rule = () => {
      const base = pick(PREFIXES)
        .split('/')
        .map((segment, i) => (i > 0 && random() < 0.25 ? '+' : segment))
        .join('/')
      const path = base + pick(['', '', '/', '/*', '*', '/+', '/x'])
      const capabilities =
        random() < 0.15 ? ['deny'] : ['create', 'read', 'update', 'delete', 'list'].filter(() => random() < 0.45)
      return `path "${path}" { capabilities = ${JSON.stringify(capabilities.length === 0 ? ['read'] : capabilities)} }`
    }
    let granted = 0
    let refused = 0
    for (let round = 0; round < 20; round++) {
      const rules = Array.from({ length: 1 + Math.floor(random() * 5) }, rule)
      const token = await tokenWith(
        server,
        `${rules.join('\n')}\npath "sys/capabilities-self" { capabilities = ["update"] }`,
      )
      // Half of them near a rule, half anywhere.
      const near = () =>
        (/"([^"]+)"/.exec(pick(rules))?.[1] ?? '')
          .replace(/\+/g, () => pick(['a', 'b', 'q']))
          .replace(/\*$/, () => pick(['', 'x', '/y']))
          .replace(/\/+/g, '/')
          .replace(/\/$/, '')
      const anywhere = () => pick(PREFIXES.slice(1)) + pick(['', '/x', '/y/z'])
      const paths = Array.from({ length: 6 }, (_, i) =>
        (i % 2 === 0 ? near() : anywhere()).replace(/^[kK][vV]\w*\/*/, 'kv/'),
      ).map((path) => (path === 'kv/' ? 'kv/a' : path))
      const answer = await server.call(
        'POST',
        'sys/capabilities-self',
        { paths: [...paths, ...paths.map((path) => `${path}/`)] },
        { token },
      )
      for (const path of paths) {
        for (const operation of ['create', 'read', 'update', 'delete', 'list']) {
          const said = listAt(answer.json, operation === 'list' ? `${path}/` : path).includes(operation)
          const decided = await allows(operation, path, token)
          assert.equal(decided, said, `${operation} ${path} under\n${rules.join('\n')}`)
          if (said) granted++
          else refused++
        }
      }
    }
    assert.ok(granted > 80 && refused > 80, `${granted} granted and ${refused} refused`)
  })

  async function allows(operation: string, path: string, token: string): Promise<boolean> {
    // Whether a write makes or changes depends on what is there.
    await server.call(operation === 'create' ? 'DELETE' : 'POST', path, operation === 'create' ? undefined : { a: 1 })
    const method = { create: 'POST', update: 'POST', read: 'GET', delete: 'DELETE', list: 'LIST' }[operation] ?? ''
    const { status } = await request(server.address, method, `/v1/${path}`, {
      token,
      ...(method === 'POST' ? { body: { a: 2 } } : {}),
    })
    assert.ok([200, 204, 403, 404].includes(status), `${operation} ${path}: ${status}`)
    return status !== 403
  }
})
