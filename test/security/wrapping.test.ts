/** A wrapped reply is seen once, by whoever holds its token, and says truly where it comes from. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createToken, tokenWith, until } from '../support/callers.ts'
import { at, textAt, listAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

describe('wrapping tokens', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true, config: 'raw_storage_endpoint = true' })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/a', { data: { hidden: 'canary' } })
  })
  after(() => server[Symbol.asyncDispose]())

  const wrapped = async (ttl = '60', token = server.token) => {
    const answer = await server.call('GET', 'secret/data/a', undefined, { token, headers: { 'X-Vault-Wrap-TTL': ttl } })
    assert.equal(answer.status, 200)
    assert.ok(!answer.text.includes('canary'), 'the answer shows nothing of what is wrapped')
    return textAt(answer.json, 'wrap_info', 'token')
  }
  const REFUSED = '{"errors":["wrapping token is not valid or does not exist"]}\n'

  test('open their reply once of a hundred times at once, whichever way they are given', async () => {
    const token = await wrapped()
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        i % 3 === 0
          ? server.call('POST', 'sys/wrapping/unwrap', { token })
          : i % 3 === 1
            ? server.call('POST', 'sys/wrapping/unwrap', undefined, { token })
            : server.call('PUT', 'sys/wrapping/rewrap', { token }),
      ),
    )
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1)
    assert.ok(answers.filter((answer) => answer.text.includes('canary')).length <= 1)
    for (const answer of answers)
      if (answer.status !== 200) assert.deepEqual([answer.status, answer.text], [400, REFUSED])
  })

  test('that are used, expired, unknown or none of the kind are refused in the same words', async () => {
    const used = await wrapped()
    await server.call('POST', 'sys/wrapping/unwrap', { token: used })
    const expired = await wrapped('1')
    const revoked = await wrapped()
    await server.call('POST', 'auth/token/revoke', { token: revoked })
    await until('the end of the token', async () =>
      (await server.call('POST', 'sys/wrapping/lookup', { token: expired })).status === 200 ? undefined : true,
    )
    const ordinary = await createToken(server, { policies: ['default'] })
    for (const token of [used, expired, revoked, 'hvs.unknown', 'x', ordinary, server.token, '../x', `${used}x`]) {
      for (const path of ['unwrap', 'lookup', 'rewrap']) {
        const answer = await server.call('POST', `sys/wrapping/${path}`, { token })
        assert.deepEqual([answer.status, answer.text], [400, REFUSED], `${path} ${token}`)
      }
    }
    assert.equal(
      (await server.call('GET', 'auth/token/lookup-self', undefined, { token: ordinary })).status,
      200,
      'an ordinary token is not used up by it',
    )
  })

  test('do nothing else: as a client token they unwrap and are looked up', async () => {
    for (const [method, path] of [
      ['GET', 'secret/data/a'],
      ['GET', 'cubbyhole/response'],
      ['LIST', 'cubbyhole/'],
      ['GET', 'auth/token/lookup-self'],
      ['POST', 'auth/token/create'],
      ['POST', 'auth/token/renew-self'],
      ['POST', 'sys/wrapping/wrap'],
      ['GET', 'sys/mounts'],
      ['POST', 'sys/capabilities-self'],
    ] as const) {
      const token = await wrapped()
      const answer = await server.call(method, path, method === 'POST' ? { paths: ['x'] } : undefined, {
        token,
        headers: path.endsWith('wrap') ? { 'X-Vault-Wrap-TTL': '60' } : {},
      })
      assert.ok(
        answer.status === 403 || answer.status === 404 || answer.status === 400,
        `${method} ${path}: ${answer.status} ${answer.text}`,
      )
      assert.ok(!answer.text.includes('canary'), path)
    }
    for (const policies of ['response-wrapping', ['Response-Wrapping'], 'control-group'])
      assert.equal((await server.call('POST', 'auth/token/create', { policies })).status, 400)
  })

  test('name the path they come from, and what was wrapped by hand can claim no other', async () => {
    const lookup = async (token: string) =>
      textAt((await server.call('POST', 'sys/wrapping/lookup', { token })).json, 'data', 'creation_path')
    const genuine = await wrapped()
    assert.equal(await lookup(genuine), 'secret/data/a')
    const again = await server.call('POST', 'sys/wrapping/rewrap', { token: genuine })
    assert.equal(await lookup(textAt(again.json, 'wrap_info', 'token')), 'secret/data/a')
    const forgeries = [
      { creation_path: 'secret/data/a' },
      { wrap_info: { creation_path: 'secret/data/a' } },
      { request_id: 'x', data: {}, wrap_info: { token: 'x', creation_path: 'secret/data/a' } },
    ]
    for (const body of forgeries) {
      const answer = await server.call('POST', 'sys/wrapping/wrap', body, { headers: { 'X-Vault-Wrap-TTL': '60' } })
      assert.equal(textAt(answer.json, 'wrap_info', 'creation_path'), 'sys/wrapping/wrap')
      const token = textAt(answer.json, 'wrap_info', 'token')
      assert.equal(await lookup(token), 'sys/wrapping/wrap')
      assert.deepEqual(at((await server.call('POST', 'sys/wrapping/unwrap', { token })).json, 'data'), body)
    }
  })

  test('are asked for as long as a policy says, or the request is refused', async () => {
    const token = await tokenWith(
      server,
      'path "secret/data/a" { capabilities = ["read"] min_wrapping_ttl = "10s" max_wrapping_ttl = "60s" }',
    )
    for (const [ttl, status] of [
      [undefined, 403],
      ['', 403],
      ['0', 403],
      ['9', 403],
      ['10', 200],
      ['1m', 200],
      ['61', 403],
      ['-1', 400],
      ['1e1', 400],
      ['x', 400],
    ] as const) {
      const answer = await server.call('GET', 'secret/data/a', undefined, {
        token,
        headers: ttl === undefined ? {} : { 'X-Vault-Wrap-TTL': ttl },
      })
      assert.equal(answer.status, status, `${ttl}: ${answer.text}`)
      assert.ok(!answer.text.includes('canary'))
    }
  })

  test('leave nothing in storage once they are used', async () => {
    const count = async () => {
      let found = 0
      const open = ['']
      while (open.length > 0) {
        const here = open.pop() ?? ''
        const answer = await server.call('LIST', `sys/raw/${here}`)
        // What is cleaned up meanwhile takes its folder with it.
        for (const name of answer.status === 404 ? [] : listAt(answer.json, 'data', 'keys').map(String)) {
          if (name.endsWith('/')) open.push(here + name)
          else found++
        }
      }
      return found
    }
    const token = await wrapped()
    const before = await count()
    await server.call('POST', 'sys/wrapping/unwrap', { token })
    assert.ok((await count()) < before)
    const kept = await count()
    for (let i = 0; i < 5; i++) await server.call('POST', 'sys/wrapping/unwrap', { token: await wrapped() })
    await until('the clean-up', async () => ((await count()) <= kept ? true : undefined))
  })
})
