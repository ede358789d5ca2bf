/** Tokens: nobody gets more than he was given, longer, oftener, or from elsewhere. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { accessorOf, createToken, residentMemory, tokenWith, until } from '../support/callers.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Spellings that some reader takes for `root`. */
const ROOTS = [
  'root',
  'Root',
  'ROOT ',
  '\troot',
  ' root',
  'root\n',
  'ｒｏｏｔ',
  'roo\u200bt',
  'roo\u00adt',
  'r\u2060oot',
]

describe('tokens', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ config: 'raw_storage_endpoint = true' })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/a', { data: { a: 1 } })
    await server.call('PUT', 'sys/policies/acl/p1', { policy: 'path "secret/data/a" { capabilities = ["read"] }' })
    await server.call('PUT', 'sys/policies/acl/p2', { policy: 'path "secret/*" { capabilities = ["read"] }' })
  })
  after(() => server[Symbol.asyncDispose]())

  const selfStatus = async (token: string, localAddress?: string) =>
    (
      await server.call('GET', 'auth/token/lookup-self', undefined, {
        token,
        ...(localAddress === undefined ? {} : { localAddress }),
      })
    ).status
  const creator = (more: object = {}, path = 'create*') =>
    tokenWith(
      server,
      `path "auth/token/${path}" { capabilities = ["create", "update"] }\npath "auth/token/lookup-self" { capabilities = ["read"] }`,
      more,
    )

  test('never become root by another spelling of it, through a role or without', async () => {
    const limited = await creator()
    for (const name of ROOTS) {
      for (const field of ['allowed_policies', 'allowed_policies_glob']) {
        for (const value of [name, [name], ['default', name]]) {
          const answer = await server.call('POST', 'auth/token/roles/rooted', { [field]: value })
          assert.equal(answer.status, 400, `${field} ${JSON.stringify(value)}: ${answer.text}`)
        }
      }
      for (const path of ['auth/token/create', 'auth/token/create-orphan']) {
        assert.equal(
          (await server.call('POST', path, { policies: [name] }, { token: limited })).status,
          400,
          `${path} ${JSON.stringify(name)}`,
        )
      }
    }
    assert.equal(
      (await server.call('POST', 'auth/token/roles/rooted', { allowed_policies: 'default,Root' })).status,
      400,
    )
    // A glob that would take the name does not make it so.
    for (const role of [
      { allowed_policies_glob: '*' },
      { allowed_policies_glob: ['r*', '?oot'] },
      { disallowed_policies: 'default' },
    ]) {
      assert.equal((await server.call('POST', 'auth/token/roles/wide', role)).status, 204)
      for (const name of ROOTS) {
        const answer = await server.call('POST', 'auth/token/create/wide', { policies: [name] }, { token: limited })
        assert.equal(answer.status, 400, `${JSON.stringify(role)} ${JSON.stringify(name)}: ${answer.text}`)
      }
    }
  })

  test('have no policy that their maker lacks, unless a role or sudo gives it', async () => {
    const maker = await createToken(server, { policies: ['p1'], no_default_policy: true })
    assert.equal((await server.call('POST', 'auth/token/create', {}, { token: maker })).status, 403)
    await server.call('PUT', 'sys/policies/acl/make', {
      policy: 'path "auth/token/create*" { capabilities = ["create", "update"] }',
    })
    const token = await createToken(server, { policies: ['p1', 'make'], no_default_policy: true })
    for (const policies of [
      'p2',
      ['p2'],
      ['p1', 'p2'],
      'p1,p2',
      'P2',
      ' p2 ',
      ['p1,p2'],
      'default',
      ['DEFAULT'],
      ['p1', 'unknown'],
    ]) {
      assert.equal(
        (await server.call('POST', 'auth/token/create', { policies, no_default_policy: true }, { token })).status,
        400,
        JSON.stringify(policies),
      )
    }
    for (const more of [{ no_parent: true }, { period: '1h' }, { id: 'mine' }, { period: 1 }]) {
      assert.equal(
        (await server.call('POST', 'auth/token/create', { policies: ['p1'], ...more }, { token })).status,
        400,
        JSON.stringify(more),
      )
    }
    const child = await server.call('POST', 'auth/token/create', { policies: ['p1'] }, { token })
    assert.deepEqual(at(child.json, 'auth', 'policies'), ['p1'], 'and not even default, which the maker lacks')
    await server.call('POST', 'auth/token/roles/glob', { allowed_policies_glob: ['p*'], disallowed_policies: ['p2'] })
    assert.equal((await server.call('POST', 'auth/token/create/glob', { policies: ['p2'] }, { token })).status, 400)
    assert.equal((await server.call('POST', 'auth/token/create/glob', { policies: ['P2 '] }, { token })).status, 400)
    assert.equal((await server.call('POST', 'auth/token/create/glob', { policies: ['p1'] }, { token })).status, 200)
  })

  test('hold no name that another reads as several: a list is never one policy', async () => {
    await server.call('PUT', 'sys/policies/acl/a1', {
      policy: 'path "auth/token/create/lists" { capabilities = ["create", "update"] }',
    })
    assert.equal(
      (
        await server.call('POST', 'auth/token/roles/lists', {
          allowed_policies_glob: ['a1*'],
          token_no_default_policy: true,
        })
      ).status,
      204,
    )
    const both = await createToken(server, { policies: ['a1', 'p2'], no_default_policy: true })
    const one = await createToken(server, { policies: ['a1'], no_default_policy: true })
    // What both may do is compiled and kept from here on.
    assert.equal((await server.call('GET', 'secret/data/a', undefined, { token: both })).status, 200)
    for (const policies of [['a1,p2'], 'a1,p2', ['a1', 'a1,p2'], ['a1","p2'], ['a1\np2']]) {
      const answer = await server.call('POST', 'auth/token/create/lists', { policies }, { token: one })
      assert.equal(
        answer.status === 200
          ? (
              await server.call('GET', 'secret/data/a', undefined, {
                token: textAt(answer.json, 'auth', 'client_token'),
              })
            ).status
          : 403,
        403,
        JSON.stringify(policies),
      )
    }
  })

  test('bound to addresses are good from there alone, and so is all that is made with them', async () => {
    await server.call('POST', 'auth/token/roles/here', {
      token_bound_cidrs: ['127.0.0.1/32'],
      orphan: true,
      allowed_policies_glob: '*',
    })
    await server.call('PUT', 'sys/policies/acl/make', {
      policy: 'path "auth/token/*" { capabilities = ["create", "update", "read", "sudo"] }',
    })
    const bound = await createToken(server, { policies: ['make', 'default'] }, 'auth/token/create/here')
    await server.call('POST', 'auth/token/roles/free', { orphan: true, allowed_policies_glob: '*' })
    const made = new Map<string, string>([['itself', bound]])
    for (const [how, path, body] of [
      ['child', 'create', {}],
      ['orphan', 'create-orphan', {}],
      ['no_parent', 'create', { no_parent: true }],
      ['batch', 'create', { type: 'batch' }],
      ['periodic', 'create', { period: '1h' }],
      ['of a role', 'create/free', {}],
    ] as const) {
      const answer = await server.call(
        'POST',
        `auth/token/${path}`,
        { policies: ['default'], ...body },
        { token: bound },
      )
      assert.equal(answer.status, 200, `${how}: ${answer.text}`)
      made.set(how, textAt(answer.json, 'auth', 'client_token'))
    }
    for (const [how, token] of made)
      assert.deepEqual([await selfStatus(token), await selfStatus(token, '127.0.0.2')], [200, 403], how)
    for (const headers of [{ 'X-Forwarded-For': '127.0.0.1' }, { Forwarded: 'for=127.0.0.1' }]) {
      assert.equal(
        (
          await server.call('GET', 'auth/token/lookup-self', undefined, {
            token: bound,
            headers,
            localAddress: '127.0.0.2',
          })
        ).status,
        403,
      )
    }
  })

  test('of the kind batch cannot be renewed, revoked, listed, or have children and a cubbyhole', async () => {
    const batch = await createToken(server, { type: 'batch', policies: ['default', 'make'], ttl: '1h' })
    assert.equal(await selfStatus(batch), 200)
    assert.equal(
      at((await server.call('GET', 'auth/token/lookup-self', undefined, { token: batch })).json, 'data', 'accessor'),
      '',
    )
    for (const [path, body] of [
      ['renew-self', {}],
      ['create', {}],
      ['create-orphan', {}],
    ] as const) {
      assert.equal((await server.call('POST', `auth/token/${path}`, body, { token: batch })).status, 400, path)
    }
    for (const path of ['renew', 'revoke', 'revoke-orphan'])
      assert.equal((await server.call('POST', `auth/token/${path}`, { token: batch })).status, 400, path)
    assert.equal((await server.call('POST', 'cubbyhole/x', { a: 1 }, { token: batch })).status >= 400, true)
    for (const more of [
      { num_uses: 3 },
      { period: '1h' },
      { explicit_max_ttl: '1h' },
      { policies: ['root'] },
      { id: 'x' },
    ]) {
      assert.equal(
        (await server.call('POST', 'auth/token/create', { type: 'batch', ...more })).status,
        400,
        JSON.stringify(more),
      )
    }
    const altered = `${batch.slice(0, 20)}${batch[20] === 'A' ? 'B' : 'A'}${batch.slice(21)}`
    for (const forged of [altered, `${batch}A`, batch.slice(0, -1), `hvs.${batch.slice(4)}`])
      assert.equal(await selfStatus(forged), 403)
    const parent = await createToken(server, { policies: ['default', 'make'] })
    const child = textAt(
      (await server.call('POST', 'auth/token/create', { type: 'batch', policies: ['default'] }, { token: parent }))
        .json,
      'auth',
      'client_token',
    )
    assert.equal(await selfStatus(child), 200)
    await server.call('POST', 'auth/token/revoke', { token: parent })
    assert.equal(await selfStatus(child), 403, 'it ends with its parent')
  })

  test('are not told by their accessors, and are stored nowhere', async () => {
    const token = await createToken(server)
    const accessor = await accessorOf(server, token)
    const answer = await server.call('POST', 'auth/token/lookup-accessor', { accessor })
    assert.equal(at(answer.json, 'data', 'id'), '')
    assert.ok(!answer.text.includes(token))
    assert.ok(!(await server.call('POST', 'auth/token/renew-accessor', { accessor })).text.includes(token))
    assert.ok(!token.includes(accessor) && !accessor.includes(token.slice(4)))
    for (const path of ['lookup-accessor', 'renew-accessor']) {
      for (const wrong of [`${accessor}x`, accessor.toUpperCase(), token, '', '*', '../x', '__proto__', 'a/b'])
        assert.equal(
          (await server.call('POST', `auth/token/${path}`, { accessor: wrong })).status,
          400,
          `${path} ${wrong}`,
        )
    }
    // 128 bits or more, in base62, and different each time.
    const many = await Promise.all(Array.from({ length: 100 }, () => createToken(server)))
    assert.equal(new Set(many).size, 100)
    for (const one of many) assert.match(one, /^hvs\.[A-Za-z0-9]{22,}$/)
    for (const folder of ['sys/token/', 'sys/expire/', '']) {
      const keys = await walk(folder, 600)
      assert.ok(
        keys.every((key) => !key.includes(token) && !key.includes(token.slice(4)) && !key.includes(accessor)),
        'no key names it',
      )
      for (const key of keys.slice(0, 300)) {
        const { text } = await server.call(
          'GET',
          `sys/raw/${encodeURIComponent(key).replaceAll('%2F', '/')}?encoding=base64`,
        )
        const value = /"value":"([^"]*)"/.exec(text)?.[1] ?? ''
        assert.ok(!Buffer.from(value, 'base64').toString('latin1').includes(token.slice(4)), `${key} holds the token`)
      }
    }
  })

  test('have cubbyholes of their own, which nobody else reads and which go with them', async () => {
    const parent = await createToken(server, { policies: ['default', 'make'] })
    const child = textAt(
      (await server.call('POST', 'auth/token/create', { policies: ['default'] }, { token: parent })).json,
      'auth',
      'client_token',
    )
    const before = (await walk('logical/', 10_000)).length
    assert.equal((await server.call('POST', 'cubbyhole/x', { a: 'own' }, { token: child })).status, 204)
    assert.equal((await walk('logical/', 10_000)).length, before + 1)
    for (const token of [parent, server.token, await createToken(server, { policies: ['default'] })]) {
      for (const path of ['cubbyhole/x', `cubbyhole/${await accessorOf(server, child)}/x`])
        assert.equal((await server.call('GET', path, undefined, { token })).status, 404, path)
      assert.equal((await server.call('LIST', 'cubbyhole/', undefined, { token })).status, 404)
      await server.call('DELETE', 'cubbyhole/x', undefined, { token })
    }
    assert.equal((await server.call('GET', 'cubbyhole/x', undefined, { token: child })).status, 200)
    await server.call('POST', 'auth/token/revoke', { token: child })
    await until('the clean-up', async () => ((await walk('logical/', 10_000)).length === before ? true : undefined))
  })

  test('that are renewed to the last end at their maximum, and are never told to last for ever', async () => {
    const token = await createToken(server, { policies: ['default'], ttl: '1s', explicit_max_ttl: '2s' })
    const made = Date.now()
    let renewals = 0
    await until('the end of the token', async () => {
      const answer = await server.call(
        'POST',
        'auth/token/renew-self',
        { increment: renewals % 2 === 0 ? '1s' : '1h' },
        { token },
      )
      if (answer.status !== 200) {
        assert.ok(answer.status === 403 || answer.status === 400, answer.text)
        return (await selfStatus(token)) === 403 ? true : undefined
      }
      renewals++
      const duration = Number(at(answer.json, 'auth', 'lease_duration'))
      assert.ok(duration >= 1 && duration <= 2, `${duration} s`)
      const looked = await server.call('POST', 'auth/token/lookup', { token })
      if (looked.status === 200) assert.notEqual(at(looked.json, 'data', 'expire_time'), null)
      return undefined
    })
    assert.ok(renewals > 3 && Date.now() - made >= 1900, `${renewals} renewals`)
  })

  test('of unlike lifetimes keep them: long ones are not cut short, and none but root is endless', async () => {
    for (const ttl of ['768h', '8760h', 2 ** 31, 2 ** 31 + 5, '1s', 2_147_484]) {
      const answer = await server.call('POST', 'auth/token/create', { ttl, policies: ['default'] })
      assert.equal(answer.status, 200, answer.text)
      const seconds = Number(at(answer.json, 'auth', 'lease_duration'))
      assert.ok(seconds > 0 && seconds <= 2_764_800, `${ttl}: ${seconds}`)
      assert.equal(await selfStatus(textAt(answer.json, 'auth', 'client_token')), 200, String(ttl))
    }
    for (const ttl of ['-1', -1, '9999999999h', '1e3s', 'NaN', '1.5.5h', '0x10', '१h']) {
      const answer = await server.call('POST', 'auth/token/create', { ttl, policies: ['default'] })
      if (answer.status === 200) assert.ok(Number(at(answer.json, 'auth', 'lease_duration')) > 0, String(ttl))
      else assert.equal(answer.status, 400, `${ttl}: ${answer.text}`)
    }
    assert.doesNotMatch(server.output, /TimeoutOverflowWarning/)
  })

  test('go with all that was made from them, in one answer', async () => {
    const parent = await createToken(server, { policies: ['default', 'make'] })
    const below = async (token: string) =>
      textAt(
        (await server.call('POST', 'auth/token/create', { policies: ['default', 'make'] }, { token })).json,
        'auth',
        'client_token',
      )
    const children = await Promise.all(Array.from({ length: 50 }, () => below(parent)))
    let deepest = parent
    const chain: string[] = []
    for (let i = 0; i < 50; i++) chain.push((deepest = await below(deepest)))
    assert.equal((await server.call('POST', 'auth/token/revoke', { token: parent })).status, 204)
    const statuses = await Promise.all([parent, ...children, ...chain].map((token) => selfStatus(token)))
    assert.deepEqual([...new Set(statuses)], [403])
  })

  /** Storage keys below a folder, through `sys/raw`. */
  async function walk(folder: string, most: number): Promise<string[]> {
    const out: string[] = []
    const open = [folder]
    while (open.length > 0 && out.length < most) {
      const here = open.pop() ?? ''
      const answer = await server.call('LIST', `sys/raw/${encodeURIComponent(here).replaceAll('%2F', '/')}`)
      if (answer.status !== 200) continue
      for (const name of listAt(answer.json, 'data', 'keys').map(String)) {
        if (name.endsWith('/')) open.push(here + name)
        else out.push(here + name)
      }
    }
    return out
  }
})

test('tokens that ran out while the server was down are refused at their first use', async () => {
  await using server = await startServer()
  const tokens: string[] = []
  for (let i = 0; i < 500; i += 50)
    tokens.push(
      ...(await Promise.all(
        Array.from({ length: 50 }, () => createToken(server, { policies: ['default'], ttl: '3s' })),
      )),
    )
  const end = Date.now() + 3000
  const lasting = await createToken(server, { policies: ['default'], ttl: '1h' })
  await server.kill()
  await until('the end of the tokens', () => (Date.now() > end ? true : undefined))
  await server.restart()
  await server.unseal()
  const asked = await Promise.all(
    tokens.map((token) => server.call('GET', 'auth/token/lookup-self', undefined, { token })),
  )
  assert.deepEqual([...new Set(asked.map((answer) => answer.status))], [403])
  assert.equal((await server.call('GET', 'auth/token/lookup-self', undefined, { token: lasting })).status, 200)
})

test(
  'thousands of tokens neither delay the start nor grow the memory with them',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async () => {
    await using server = await startServer()
    await server.kill()
    await server.restart()
    await server.unseal()
    await server.call('GET', 'auth/token/lookup-self')
    const empty = residentMemory(server)
    const tokens: string[] = []
    for (let i = 0; i < 2000; i += 100)
      tokens.push(
        ...(await Promise.all(
          Array.from({ length: 100 }, () => createToken(server, { policies: ['default'], ttl: '768h' })),
        )),
      )
    await server.kill()
    await server.restart()
    await server.unseal()
    const sampled = tokens.filter((_, i) => i % 100 === 0)
    for (const token of sampled)
      assert.equal((await server.call('GET', 'auth/token/lookup-self', undefined, { token })).status, 200)
    assert.ok(residentMemory(server) - empty < 60, `${empty} MiB without, ${residentMemory(server)} MiB with them`)
    const listed = await server.call('LIST', 'auth/token/accessors')
    assert.equal(listAt(listed.json, 'data', 'keys').length, tokens.length + 1)
  },
)
