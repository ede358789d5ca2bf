/** Namespaces with seals of their own: what whoever lacks their keys can read, do and find in memory. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CofferError } from '../../src/errors/coffer-error.ts'
import { FakeClock } from '../../src/lib/clock.ts'
import { HOMES } from '../../src/request/namespace-home.ts'
import { until } from '../support/callers.ts'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { makeSealable, rootReader, sealNamespace, sealStatus, unsealNamespace } from '../support/sealable.ts'

const within = (namespace: string, token?: string) => ({
  headers: { 'x-vault-namespace': namespace },
  ...(token === undefined ? {} : { token }),
})

const SEALED = [503, 'namespace is sealed']

async function sealed(server: ComposedServer, path: string, options: object, method = 'GET', body?: unknown) {
  const answer = await server.call(method, path, body, options)
  return [answer.status, at(answer.json, 'errors', 0)]
}

async function ok(server: ComposedServer, method: string, path: string, body: unknown, options: object) {
  const answer = await server.call(method, path, body, options)
  assert.ok([200, 204].includes(answer.status), `${method} ${path}: ${answer.status} ${answer.text}`)
  return answer
}

/** Of everything that a namespace can hold, something with this word in it. Returns a token of the namespace. */
async function fill(server: ComposedServer, namespace: string, word: string): Promise<string> {
  const inside = within(namespace)
  await ok(server, 'POST', 'sys/mounts/kv', { type: 'kv', description: `${word}-mount` }, inside)
  await ok(server, 'POST', 'kv/one', { value: `${word}-secret` }, inside)
  await ok(
    server,
    'PUT',
    'sys/policies/acl/all',
    { policy: `# ${word}-policy\npath "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }` },
    inside,
  )
  await ok(server, 'POST', 'sys/auth/userpass', { type: 'userpass' }, inside)
  await ok(server, 'POST', 'auth/userpass/users/bob', { password: `${word}-password`, policies: 'all' }, inside)
  await ok(server, 'POST', 'identity/entity', { name: 'ada', metadata: { note: `${word}-entity` } }, inside)
  await ok(server, 'POST', 'auth/token/roles/r', { path_suffix: `${word}-role`, allowed_policies: 'all' }, inside)
  await ok(
    server,
    'PUT',
    'sys/policies/password/p',
    { policy: `length = 20\nrule "charset" { charset = "${word}passwords" }` },
    inside,
  )
  await ok(server, 'POST', 'sys/namespaces/below', { custom_metadata: { note: `${word}-below` } }, inside)
  await ok(
    server,
    'PUT',
    'sys/policies/egp/never',
    {
      policy: `request.path != "${word}-expression" && false`,
      paths: ['kv/never'],
      enforcement_level: 'hard-mandatory',
    },
    inside,
  )
  await ok(server, 'POST', 'sys/config/control-group', { max_ttl: '1h' }, inside)
  // Nobody listens there: what is to be told waits in the storage.
  await ok(
    server,
    'POST',
    'sys/events/webhooks/h',
    { url: `http://127.0.0.1:9/${word}-hook`, event_types: ['*'] },
    inside,
  )
  await ok(server, 'POST', 'sys/mounts/kv2', { type: 'kv-v2' }, inside)
  await ok(server, 'POST', 'kv2/data/told', { data: { value: `${word}-told` } }, inside)
  const made = await ok(
    server,
    'POST',
    'auth/token/create',
    { policies: ['all'], ttl: '1h', meta: { note: `${word}-token` } },
    inside,
  )
  const token = textAt(made.json, 'auth', 'client_token')
  await ok(server, 'POST', 'cubbyhole/mine', { value: `${word}-cubbyhole` }, within(namespace, token))
  const login = await ok(server, 'POST', 'auth/userpass/login/bob', { password: `${word}-password` }, inside)
  assert.equal(at(login.json, 'auth', 'policies', 0), 'all')
  const wrapped = await ok(server, 'GET', 'kv/one', undefined, {
    ...inside,
    headers: { ...inside.headers, 'x-vault-wrap-ttl': '60' },
  })
  assert.ok(textAt(wrapped.json, 'wrap_info', 'token').length > 20)
  await fillHeld(server, inside, word)
  return token
}

/** A request that waits for others, and an expression of theirs. */
async function fillHeld(server: ComposedServer, inside: ReturnType<typeof within>, word: string): Promise<void> {
  const expression = { policy: `request.path != "${word}-expression"`, enforcement_level: 'hard-mandatory' }
  await ok(server, 'POST', 'sys/policies/rgp/role', expression, inside)
  const policy = `path "kv/held" {
    capabilities = ["create", "update"]
    control_group = { factor "f" { identity { group_names = ["approvers"] approvals = 1 } } }
  }`
  await ok(server, 'PUT', 'sys/policies/acl/held', { policy }, inside)
  await ok(server, 'POST', 'auth/userpass/users/eve', { password: `${word}-password`, token_policies: 'held' }, inside)
  const login = await ok(server, 'POST', 'auth/userpass/login/eve', { password: `${word}-password` }, inside)
  const own = { ...inside, token: textAt(login.json, 'auth', 'client_token') }
  const held = await ok(server, 'POST', 'kv/held', { value: `${word}-held` }, own)
  assert.ok(textAt(held.json, 'wrap_info', 'accessor').length > 10, held.text)
}

describe('what is stored', () => {
  test('no entry of the namespace opens with the keys of the vault, nor with those of another namespace', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const others = await makeSealable(server, 'b')
    await unsealNamespace(server, 'b', others)
    await fill(server, 'a', 'canary')
    await fill(server, 'b', 'finch')
    await ok(server, 'POST', 'sys/namespaces/plain', {}, {})
    await fill(server, 'plain', 'sparrow')
    const [share] = server.keys
    assert.ok(share !== undefined)
    const read = await rootReader(server.driver, share)
    const snapshot = await server.driver.snapshot()
    const entries = await snapshot.entries({ prefix: '' })
    snapshot.close()
    const opened: string[] = []
    let closed = 0
    for (const [key, stored] of entries) {
      try {
        const text = read(key, stored)
        assert.ok(!key.startsWith(HOMES), `${key} opens with the vault's keys`)
        opened.push(text)
      } catch (error) {
        assert.ok(error instanceof CofferError && error.code === 'STORAGE_TAMPERED', `${key}: ${String(error)}`)
        assert.ok(key.startsWith(HOMES), `${key} does not open with the vault's keys`)
        closed++
      }
    }
    assert.ok(closed > 60, `${closed} entries`)
    assert.ok(opened.some((text) => text.includes('sparrow-secret')))
    for (const word of ['canary', 'finch']) for (const text of opened) assert.ok(!text.includes(word), text)
  })
})

describe('the seal of a namespace', () => {
  test('closes it and all below, and nothing beside or above', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    // Nothing of it is answered before it is unsealed for the first time.
    assert.deepEqual(await sealed(server, 'sys/mounts', within('a')), SEALED)
    await unsealNamespace(server, 'a', shares)
    const token = await fill(server, 'a', 'canary')
    await ok(server, 'POST', 'sys/namespaces/b', {}, {})
    await ok(server, 'POST', 'sys/mounts/kv', { type: 'kv' }, within('b'))
    await ok(server, 'POST', 'kv/one', { value: 'beside' }, within('b'))
    await sealNamespace(server, 'a')
    for (const path of [
      'sys/mounts',
      'kv/one',
      'sys/health',
      'sys/seal-status',
      'nothing/here',
      'auth/userpass/login/bob',
    ])
      for (const own of [server.token, token, 'wrong', ''])
        assert.deepEqual(await sealed(server, path, within('a', own)), SEALED, path)
    assert.deepEqual(await sealed(server, 'a/below/sys/mounts', {}), SEALED)
    assert.equal((await server.call('GET', 'sys/mounts', undefined, within('a/below'))).status, 404)
    assert.deepEqual(await sealed(server, 'sys/namespaces/x', within('a'), 'POST', {}), SEALED)
    // Beside and above nothing has changed; what the namespace is called is told.
    assert.equal((await server.call('GET', 'kv/one', undefined, within('b'))).status, 200)
    assert.equal(at((await server.call('GET', 'sys/namespaces/a')).json, 'data', 'path'), 'a/')
    // Its tokens are unknown, wherever they are shown, and say nothing of themselves.
    for (const [method, path] of [
      ['GET', 'auth/token/lookup-self'],
      ['GET', 'sys/mounts'],
      ['PUT', 'auth/token/revoke-self'],
    ] as const)
      assert.equal((await server.call(method, path, undefined, { token })).status, 403, path)
    assert.equal((await server.call('POST', 'auth/token/lookup', { token })).status, 403)
    await unsealNamespace(server, 'a', shares.slice(1))
    assert.equal(
      at((await server.call('GET', 'kv/one', undefined, within('a', token))).json, 'data', 'value'),
      'canary-secret',
    )
    assert.equal(
      at((await server.call('GET', 'cubbyhole/mine', undefined, within('a', token))).json, 'data', 'value'),
      'canary-cubbyhole',
    )
    assert.equal((await server.call('GET', 'sys/mounts', undefined, within('a/below'))).status, 200)
  })

  test('nests: the one below has keys of its own, and stays sealed when the one above is opened', async () => {
    await using server = await composedServer()
    const above = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', above)
    await ok(server, 'POST', 'sys/namespaces/mid', {}, within('a'))
    const below = await makeSealable(server, 'a/mid/b')
    await unsealNamespace(server, 'a/mid/b', below)
    const token = await fill(server, 'a/mid/b', 'nested')
    await sealNamespace(server, 'a')
    assert.deepEqual(await sealed(server, 'a/mid/b/kv/one', {}), SEALED)
    await unsealNamespace(server, 'a', above)
    assert.deepEqual(await sealed(server, 'kv/one', within('a/mid/b', token)), SEALED)
    // Shares of one open no other.
    const wrong = await server.call('PUT', 'sys/namespaces/b/unseal', { key: above[0] }, within('a/mid'))
    assert.equal(wrong.status, 200)
    assert.equal((await server.call('PUT', 'sys/namespaces/b/unseal', { key: above[1] }, within('a/mid'))).status, 400)
    await unsealNamespace(server, 'a/mid/b', below)
    assert.equal((await server.call('GET', 'kv/one', undefined, within('a/mid/b', token))).status, 200)
    // Who reads what the one above encrypts reads nothing of the one below.
    await sealNamespace(server, 'a/mid/b')
    assert.equal((await server.call('GET', 'sys/mounts', undefined, within('a/mid'))).status, 200)
    assert.deepEqual(await sealed(server, 'kv/one', within('a/mid/b')), SEALED)
  })

  test('is opened by enough of its shares, and by nothing else', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    const give = (key: string) => server.call('PUT', 'sys/namespaces/a/unseal', { key })
    const progress = async () => at((await sealStatus(server, 'a')).json, 'data', 'progress')
    const [one, two, three] = shares
    assert.ok(one !== undefined && two !== undefined && three !== undefined)
    assert.equal((await give(one)).status, 200)
    assert.equal((await give(one)).status, 200)
    assert.equal(await progress(), 1)
    // A wrong one forgets the right one too.
    const broken = `${two.slice(0, 10)}${two.startsWith('0', 10) ? '1' : '0'}${two.slice(11)}`
    const refused = await give(broken)
    assert.deepEqual(
      [refused.status, at(refused.json, 'errors', 0)],
      [
        400,
        'unable to retrieve stored keys: invalid key: failed to decrypt keys from storage: cipher: message authentication failed',
      ],
    )
    assert.equal(await progress(), 0)
    for (const [key, sentence] of [
      ['', 'provided key is empty'],
      ['abcd', 'invalid key: key is shorter than minimum 16 bytes'],
      [`${one}${one}`, 'invalid key: key is longer than maximum 33 bytes'],
      ['not a key', "'key' must be a valid hex or base64 string"],
    ] as const) {
      const answer = await give(key)
      assert.deepEqual([answer.status, at(answer.json, 'errors', 0)], [400, sentence])
    }
    // The vault's own shares are nothing here.
    await give(Buffer.from(server.keys[0] ?? '', 'base64').toString('hex'))
    await server.call('PUT', 'sys/namespaces/a/unseal', { reset: true })
    assert.deepEqual([await progress(), at((await sealStatus(server, 'a')).json, 'data', 'nonce')], [0, ''])
    assert.equal((await give(Buffer.from(one, 'hex').toString('base64'))).status, 200)
    assert.equal(at((await give(three)).json, 'data', 'sealed'), false)
    // Once it is open they change nothing.
    assert.equal(at((await give(one)).json, 'data', 'sealed'), false)
  })

  test('is moved by those whom a policy of the namespace above lets, and by nobody in it', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const tenant = await fill(server, 'a', 'canary')
    for (const [method, verb] of [
      ['PUT', 'seal'],
      ['PUT', 'unseal'],
      ['GET', 'seal-status'],
      ['DELETE', 'delete-sealed'],
    ] as const) {
      assert.equal((await server.call(method, `sys/namespaces/a/${verb}`, {}, { token: tenant })).status, 403, verb)
      assert.equal((await server.call(method, `sys/namespaces/a/${verb}`, {}, { token: '' })).status, 403, verb)
    }
    assert.equal((await server.call('PUT', 'sys/namespaces/a/seal', {}, within('a', tenant))).status, 400)
    await ok(
      server,
      'PUT',
      'sys/policies/acl/unsealer',
      { policy: 'path "sys/namespaces/a/unseal" { capabilities = ["update"] }' },
      {},
    )
    await ok(
      server,
      'PUT',
      'sys/policies/acl/deleter',
      { policy: 'path "sys/namespaces/a/delete-sealed" { capabilities = ["delete"] }' },
      {},
    )
    const tokenFor = async (policy: string) =>
      textAt((await ok(server, 'POST', 'auth/token/create', { policies: [policy] }, {})).json, 'auth', 'client_token')
    const [unsealer, deleter] = [await tokenFor('unsealer'), await tokenFor('deleter')]
    assert.equal((await server.call('PUT', 'sys/namespaces/a/seal', {}, { token: unsealer })).status, 403)
    await sealNamespace(server, 'a')
    for (const key of shares.slice(0, 2))
      assert.equal((await server.call('PUT', 'sys/namespaces/a/unseal', { key }, { token: unsealer })).status, 200)
    await sealNamespace(server, 'a')
    // What cannot be undone takes sudo.
    assert.equal(
      (await server.call('DELETE', 'sys/namespaces/a/delete-sealed', undefined, { token: deleter })).status,
      403,
    )
    assert.equal(at((await sealStatus(server, 'a')).json, 'data', 'sealed'), true)
  })

  test('is closed after a restart, and opens then', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const token = await fill(server, 'a', 'canary')
    await server.restart()
    assert.deepEqual(await sealed(server, 'kv/one', within('a', token)), SEALED)
    await unsealNamespace(server, 'a', shares)
    assert.equal((await server.call('GET', 'kv/one', undefined, within('a', token))).status, 200)
    await sealNamespace(server, 'a')
    await server.restart()
    assert.equal(at((await sealStatus(server, 'a')).json, 'data', 'sealed'), true)
    await unsealNamespace(server, 'a', shares)
    assert.equal((await server.call('GET', 'kv/one', undefined, within('a', token))).status, 200)
  })

  test('of an ordinary namespace there is none, nor of one that is not there', async () => {
    await using server = await composedServer()
    await ok(server, 'POST', 'sys/namespaces/plain', {}, {})
    for (const [name, sentence] of [
      ['plain', 'namespace is not sealable'],
      ['none', 'namespace "none/" doesn\'t exist'],
    ] as const)
      for (const [method, verb] of [
        ['PUT', 'seal'],
        ['PUT', 'unseal'],
        ['GET', 'seal-status'],
      ] as const) {
        const answer = await server.call(method, `sys/namespaces/${name}/${verb}`, { key: 'ab' })
        assert.deepEqual([answer.status, at(answer.json, 'errors', 0)], [400, sentence])
      }
    const again = await makeSealable(server, 'a').then(() =>
      server.call('POST', 'sys/namespaces/a', { seal: 'seal "shamir" { shares = 1 threshold = 1 }' }),
    )
    assert.deepEqual([again.status, at(again.json, 'errors', 0)], [400, 'cannot modify existing namespace seal config'])
    for (const [seal, sentence] of [
      ['', 'seal config must contain exactly one seal stanza'],
      ['seal "shamir" {}\nseal "shamir" {}', 'seal config must contain exactly one seal stanza'],
      ['seal "awskms" {}', 'namespaces currently only support shamir seals'],
      ['seal "shamir" { shares = "x" }', 'value of shares parameter must be integer'],
      ['seal "shamir" {}', 'invalid seal config: shares must be at least one'],
      [
        'seal "shamir" { shares = 3 threshold = 1 }',
        'invalid seal config: threshold must be greater than one for multiple shares',
      ],
      ['seal "shamir" { shares = 300 threshold = 2 }', 'invalid seal config: shares must be less than 256'],
    ] as const) {
      const answer = await server.call('POST', 'sys/namespaces/bad', { seal })
      assert.deepEqual([answer.status, at(answer.json, 'errors', 0)], [400, sentence])
    }
    assert.equal((await server.call('GET', 'sys/namespaces/bad')).status, 404)
    const keys = await server.call('POST', 'sys/namespaces/bad', {
      seal: 'seal "shamir" { shares = 2 threshold = 2 }',
      pgp_keys: ['abc'],
    })
    assert.equal(
      at(keys.json, 'errors', 0),
      'invalid seal config: count mismatch between number of provided PGP keys and number of shares',
    )
  })

  test('a JSON configuration and one share of one do as well', async () => {
    await using server = await composedServer()
    const made = await server.call('POST', 'sys/namespaces/j', {
      seal: '{"seal":{"shamir":{"shares":1,"threshold":1}}}',
    })
    const [key] = listAt(made.json, 'data', 'key_shares')
    const opened = await server.call('PUT', 'sys/namespaces/j/unseal', { key })
    assert.deepEqual(at(opened.json, 'data', 'sealed'), false)
  })
})

describe('what goes on around it', () => {
  test('what governs its paths, and waits to be told of, is there again when it is opened', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const token = await fill(server, 'a', 'canary')
    const inside = within('a', token)
    const governed = async () => (await server.call('GET', 'kv/never', undefined, inside)).status
    const pending = async () =>
      at((await ok(server, 'GET', 'sys/events/webhooks/h/status', undefined, inside)).json, 'data', 'pending')
    assert.equal(await governed(), 403)
    const waiting = await pending()
    assert.ok(Number(waiting) > 0)
    for (let round = 0; round < 2; round++) {
      await sealNamespace(server, 'a')
      assert.equal((await server.call('GET', 'sys/mounts')).status, 200)
      await unsealNamespace(server, 'a', shares)
      assert.equal(await governed(), 403)
      assert.equal(await pending(), waiting)
    }
  })

  test('a mount does not move out of its home, nor into one', async () => {
    await using server = await composedServer()
    await unsealNamespace(server, 'a', await makeSealable(server, 'a'))
    await ok(server, 'POST', 'sys/namespaces/below', {}, within('a'))
    await ok(server, 'POST', 'sys/mounts/kv', { type: 'kv' }, within('a'))
    await ok(server, 'POST', 'kv/x', { value: 'mine' }, within('a'))
    await ok(server, 'POST', 'sys/mounts/outer', { type: 'kv' }, {})
    for (const [from, to] of [
      ['a/kv', 'kv'],
      ['outer', 'a/outer'],
    ]) {
      const moved = await server.call('POST', 'sys/remount', { from, to })
      assert.deepEqual(
        [moved.status, at(moved.json, 'errors', 0)],
        [400, 'a mount cannot move between namespaces with different seals'],
      )
    }
    await ok(server, 'POST', 'sys/remount', { from: 'kv', to: 'below/kv' }, within('a'))
    const there = await server.call('GET', 'kv/x', undefined, within('a/below'))
    assert.equal(at(there.json, 'data', 'value'), 'mine')
  })

  test('leases do not end while it is sealed, and are caught up with when it is opened', async () => {
    const clock = new FakeClock()
    await using server = await composedServer({ clock })
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const token = await fill(server, 'a', 'canary')
    const keysOf = (prefix: string) => server.storedKeys(prefix)
    const home = (await keysOf(HOMES)).find((key) => key.includes('/sys/token/id/'))?.slice(0, HOMES.length + 7)
    assert.ok(home !== undefined)
    const ids = async () => (await keysOf(`${home}sys/token/id/`)).length
    const before = await ids()
    assert.ok(before >= 3)
    const outer = textAt(
      (await ok(server, 'POST', 'auth/token/create', { policies: ['default'], ttl: '30m' }, {})).json,
      'auth',
      'client_token',
    )
    await sealNamespace(server, 'a')
    await clock.advance(2 * 3_600_000)
    // Above, time goes on.
    assert.equal((await server.call('GET', 'auth/token/lookup-self', undefined, { token: outer })).status, 403)
    assert.equal(await ids(), before)
    await unsealNamespace(server, 'a', shares)
    assert.equal((await server.call('GET', 'kv/one', undefined, within('a', token))).status, 403)
    await until('the clean-up', async () => {
      await clock.advance(20_000)
      // Those of the two log-ins live for a month.
      return (await ids()) === 2 || undefined
    })
  })

  test('leases in it count towards a quota again once it is opened', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    await ok(server, 'POST', 'sys/quotas/lease-count/q', { path: 'a/', max_leases: 3 }, {})
    await ok(server, 'PUT', 'sys/policies/acl/some', { policy: 'path "kv/*" { capabilities = ["read"] }' }, within('a'))
    const create = async () =>
      (await server.call('POST', 'auth/token/create', { policies: ['some'], ttl: '1h' }, within('a'))).status
    assert.deepEqual([await create(), await create()], [200, 200])
    await sealNamespace(server, 'a')
    // Counted anew while nobody can see them.
    await ok(server, 'POST', 'sys/quotas/lease-count/other', { path: '', max_leases: 1000 }, {})
    await unsealNamespace(server, 'a', shares)
    assert.deepEqual([await create(), await create()], [200, 429])
  })

  test('a token in it ends with the one above that made it, sealed or not', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    await ok(
      server,
      'PUT',
      'sys/policies/acl/all',
      { policy: 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }' },
      {},
    )
    const admin = textAt(
      (await ok(server, 'POST', 'auth/token/create', { policies: ['all'], ttl: '1h' }, {})).json,
      'auth',
      'client_token',
    )
    await ok(
      server,
      'PUT',
      'sys/policies/acl/all',
      { policy: 'path "*" { capabilities = ["read", "list"] }' },
      within('a'),
    )
    const made = async (sort: object) =>
      textAt(
        (await ok(server, 'POST', 'auth/token/create', { policies: ['all'], ttl: '1h', ...sort }, within('a', admin)))
          .json,
        'auth',
        'client_token',
      )
    const [child, batch] = [await made({}), await made({ type: 'batch' })]
    for (const token of [child, batch])
      assert.equal((await server.call('GET', 'sys/mounts', undefined, within('a', token))).status, 200)
    await sealNamespace(server, 'a')
    for (const token of [child, batch])
      assert.equal((await server.call('GET', 'auth/token/lookup-self', undefined, { token })).status, 403)
    await ok(server, 'PUT', 'auth/token/revoke-self', undefined, { token: admin })
    await unsealNamespace(server, 'a', shares)
    for (const token of [child, batch])
      assert.equal((await server.call('GET', 'sys/mounts', undefined, within('a', token))).status, 403)
  })

  test('a namespace is deleted with its home', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    assert.deepEqual(await sealed(server, 'sys/namespaces/a', {}, 'DELETE'), SEALED)
    await unsealNamespace(server, 'a', shares)
    await fill(server, 'a', 'canary')
    assert.equal((await server.call('DELETE', 'sys/namespaces/a')).status, 400)
    await ok(server, 'DELETE', 'sys/namespaces/below', undefined, within('a'))
    await ok(server, 'DELETE', 'sys/namespaces/a', undefined, {})
    await until('its end', async () => (await server.call('GET', 'sys/namespaces/a')).status === 404 || undefined)
    assert.deepEqual(await server.storedKeys(HOMES), [])
  })

  test('one whose shares are lost is removed with all below, and nothing beside', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    await unsealNamespace(server, 'a/b', await makeSealable(server, 'a/b'))
    await unsealNamespace(server, 'c', await makeSealable(server, 'c'))
    await fill(server, 'a/b', 'canary')
    const token = await fill(server, 'c', 'finch')
    const open = await server.call('DELETE', 'sys/namespaces/a/delete-sealed')
    assert.deepEqual([open.status, at(open.json, 'errors', 0)], [400, 'namespace is not sealed'])
    await sealNamespace(server, 'a')
    const kept = await server.call('DELETE', 'sys/namespaces/a/delete-sealed')
    assert.equal(kept.status, 400)
    assert.match(kept.text, /leftover child namespaces/)
    await ok(server, 'DELETE', 'sys/namespaces/a/delete-sealed?force=true', undefined, {})
    await until('its end', async () => (await server.call('GET', 'sys/namespaces/a')).status === 404 || undefined)
    const homes = new Set((await server.storedKeys(HOMES)).map((key) => key.slice(0, HOMES.length + 6)))
    assert.equal(homes.size, 1)
    assert.equal((await server.call('GET', 'kv/one', undefined, within('c', token))).status, 200)
    const gone = await server.call('DELETE', 'sys/namespaces/a/delete-sealed')
    assert.match(gone.text, /requested namespace does not exist/)
    // The name is free.
    await unsealNamespace(server, 'a', await makeSealable(server, 'a'))
  })

  test('its keys are rotated, and its shares replaced, by those in it', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const tenant = await fill(server, 'a', 'canary')
    const inside = within('a', tenant)
    const term = async () => at((await ok(server, 'GET', 'sys/key-status', undefined, inside)).json, 'data', 'term')
    const rootTerm = at((await ok(server, 'GET', 'sys/key-status', undefined, {})).json, 'data', 'term')
    await ok(server, 'POST', 'sys/rotate', {}, inside)
    await ok(server, 'POST', 'sys/rotate/keyring', {}, inside)
    assert.equal(await term(), 3)
    assert.equal(at((await ok(server, 'GET', 'sys/key-status', undefined, {})).json, 'data', 'term'), rootTerm)
    await ok(server, 'POST', 'sys/rotate/config', { max_operations: 2_000_000 }, inside)
    assert.equal(
      at((await ok(server, 'GET', 'sys/rotate/config', undefined, inside)).json, 'data', 'max_operations'),
      2_000_000,
    )
    await ok(server, 'POST', 'kv/two', { value: 'newer' }, inside)
    // Other shares, by a quorum of these.
    const begun = await ok(server, 'POST', 'sys/rotate/root/init', { secret_shares: 1, secret_threshold: 1 }, inside)
    const nonce = textAt(begun.json, 'data', 'nonce')
    await ok(server, 'POST', 'sys/rotate/root/update', { key: shares[0], nonce }, inside)
    const done = await ok(server, 'POST', 'sys/rotate/root/update', { key: shares[1], nonce }, inside)
    const fresh = textAt(done.json, 'data', 'keys', 0)
    await sealNamespace(server, 'a')
    for (const key of shares.slice(0, 2))
      assert.equal((await server.call('PUT', 'sys/namespaces/a/unseal', { key })).status, 400)
    await ok(server, 'PUT', 'sys/namespaces/a/unseal', { key: fresh }, {})
    for (const path of ['kv/one', 'kv/two'])
      assert.equal((await server.call('GET', path, undefined, inside)).status, 200)
    // The vault's own shares are as they were.
    await server.restart()
    await ok(server, 'PUT', 'sys/namespaces/a/unseal', { key: fresh }, {})
    assert.equal((await server.call('GET', 'kv/two', undefined, inside)).status, 200)
    for (const path of [
      'sys/rekey/init',
      'sys/generate-root/attempt',
      'sys/generate-root',
      'sys/rekey-recovery-key/init',
    ])
      assert.equal((await server.call('GET', path, undefined, inside)).status, 404, path)
  })

  test('those who hold its shares make a token that may do everything in it', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const tenant = await fill(server, 'a', 'canary')
    const inside = within('a', tenant)
    const begun = await ok(server, 'POST', 'sys/generate-root-token/attempt', {}, inside)
    const [nonce, otp] = [textAt(begun.json, 'data', 'nonce'), textAt(begun.json, 'data', 'otp')]
    assert.equal(otp.length, at(begun.json, 'data', 'otp_length'))
    await ok(server, 'POST', 'sys/generate-root-token/update', { key: shares[0], nonce }, inside)
    const made = await ok(server, 'POST', 'sys/generate-root-token/update', { key: shares[2], nonce }, inside)
    const encoded = textAt(made.json, 'data', 'encoded_token')
    const decoded = await ok(server, 'POST', 'sys/decode-token', { encoded_token: encoded, otp }, inside)
    const token = textAt(decoded.json, 'data', 'token')
    assert.equal((await server.call('POST', 'sys/mounts/more', { type: 'kv' }, within('a', token))).status, 204)
    assert.equal(
      (
        await server.call(
          'PUT',
          'sys/policies/acl/x',
          { policy: 'path "y" { capabilities = ["read"] }' },
          within('a/below', token),
        )
      ).status,
      204,
    )
    for (const path of ['sys/mounts', 'sys/namespaces/a'])
      assert.equal((await server.call('GET', path, undefined, { token })).status, 403)
  })

  test('raw storage shows nothing of it', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    await fill(server, 'a', 'canary')
    for (const key of await server.storedKeys(HOMES)) {
      assert.equal((await server.call('GET', `sys/raw/${key}`)).status, 400, key)
      assert.equal((await server.call('PUT', `sys/raw/${key}`, { value: 'x' })).status, 400)
    }
  })
})

describe('a snapshot', () => {
  const PATH = 'sys/storage/raft/snapshot'

  test('holds it as it is stored: what is restored stays open where its keys still open it, and is sealed where not', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const token = await fill(server, 'a', 'canary')
    const inside = within('a', token)
    const { bytes: snapshot } = await ok(server, 'GET', PATH, undefined, {})
    assert.ok(!snapshot.includes('canary-secret'))
    await ok(server, 'POST', 'sys/rotate', {}, inside)
    await ok(server, 'POST', 'kv/later', { value: 'later' }, inside)
    await ok(server, 'POST', PATH, snapshot, {})
    assert.equal((await server.call('GET', 'kv/one', undefined, inside)).status, 200)
    assert.equal((await server.call('GET', 'kv/later', undefined, inside)).status, 404)
    assert.equal(at((await ok(server, 'GET', 'sys/key-status', undefined, inside)).json, 'data', 'term'), 1)
    // Other shares and another root key since: the ones from before open what is restored.
    const begun = await ok(server, 'POST', 'sys/rotate/root/init', { secret_shares: 1, secret_threshold: 1 }, inside)
    const nonce = textAt(begun.json, 'data', 'nonce')
    for (const key of shares.slice(0, 2)) await ok(server, 'POST', 'sys/rotate/root/update', { key, nonce }, inside)
    await ok(server, 'POST', PATH, snapshot, {})
    assert.deepEqual(await sealed(server, 'kv/one', inside), SEALED)
    assert.equal((await server.call('GET', 'sys/mounts')).status, 200)
    await unsealNamespace(server, 'a', shares)
    assert.equal((await server.call('GET', 'kv/one', undefined, inside)).status, 200)
  })

  test('taken while it is sealed is restored sealed, and opens with its shares', async () => {
    await using server = await composedServer()
    const shares = await makeSealable(server, 'a')
    await unsealNamespace(server, 'a', shares)
    const token = await fill(server, 'a', 'canary')
    await sealNamespace(server, 'a')
    const { bytes: snapshot } = await ok(server, 'GET', PATH, undefined, {})
    await ok(server, 'DELETE', 'sys/namespaces/a/delete-sealed?force=true', undefined, {})
    await until('its end', async () => (await server.call('GET', 'sys/namespaces/a')).status === 404 || undefined)
    await ok(server, 'POST', PATH, snapshot, {})
    assert.deepEqual(await sealed(server, 'kv/one', within('a', token)), SEALED)
    await unsealNamespace(server, 'a', shares)
    assert.equal((await server.call('GET', 'kv/one', undefined, within('a', token))).status, 200)
  })
})
