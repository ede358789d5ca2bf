/** The wire: verbs, headers, envelope, limits, and what must never widen access. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { request } from '../support/http.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

describe('HTTP', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/app/one', { data: { a: 1 } })
    await server.call('POST', 'secret/data/other', { data: { hidden: 'canary-other' } })
  })
  after(() => server[Symbol.asyncDispose]())

  test("the envelope has Vault's members in Vault's order", async () => {
    const { text, headers } = await server.call('GET', 'secret/data/app/one')
    assert.deepEqual(Object.keys(Object(JSON.parse(text))), [
      'request_id',
      'lease_id',
      'renewable',
      'lease_duration',
      'data',
      'wrap_info',
      'warnings',
      'auth',
      'mount_type',
    ])
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['cache-control'], 'no-store')
  })

  test('LIST, ?list=true and the trailing slash find the same', async () => {
    const answers = await Promise.all([
      server.call('LIST', 'secret/metadata/app'),
      server.call('LIST', 'secret/metadata/app/'),
      server.call('GET', 'secret/metadata/app?list=true'),
      server.call('GET', 'secret/metadata/app/?list=1'),
    ])
    for (const answer of answers) assert.deepEqual(at(answer.json, 'data', 'keys'), ['one'])
  })

  test('pipelined requests with LIST among them are answered in order', async () => {
    const head = (verb: string, path: string) =>
      `${verb} /v1/${path} HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${server.token}\r\n`
    const body = '{"data":{"x":"LIST /v1/secret/metadata HTTP/1.1"}}'
    const sent = [
      `${head('GET', 'secret/data/app/one')}\r\n`,
      `${head('LIST', 'secret/metadata/app')}\r\n`,
      `${head('POST', 'secret/data/app/two')}Content-Length: ${body.length}\r\n\r\n${body}`,
      `${head('LIST', 'secret/metadata/app')}Connection: close\r\n\r\n`,
    ]
    const text = await rawExchange(server.address, sent.join(''))
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])
    assert.deepEqual(statuses, ['200', '200', '200', '200'])
    assert.match(text, /"keys":\["one"\][^]*"keys":\["one","two"\]/)
  })

  test('both token headers work; none, a wrong one and an unmounted path look the same', async () => {
    assert.equal(
      (
        await server.call('GET', 'secret/data/app/one', undefined, {
          token: '',
          headers: { Authorization: `Bearer ${server.token}` },
        })
      ).status,
      200,
    )
    const none = await server.call('GET', 'secret/data/app/one', undefined, { token: '' })
    const wrong = await server.call('GET', 'secret/data/app/one', undefined, { token: 'hvs.wrong' })
    const absent = await server.call('GET', 'nothing/here', undefined, { token: '' })
    for (const answer of [none, wrong, absent])
      assert.deepEqual([answer.status, answer.text], [403, '{"errors":["permission denied"]}\n'])
  })

  test('a header that decides and comes twice is refused', async () => {
    for (const name of ['X-Vault-Token', 'X-Vault-Namespace', 'X-Vault-Wrap-TTL']) {
      const lines = `${name}: a\r\n${name}: b\r\n${name === 'X-Vault-Token' ? '' : `X-Vault-Token: ${server.token}\r\n`}`
      const text = await rawExchange(
        server.address,
        `GET /v1/secret/data/app/one HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`,
      )
      assert.match(text, /^HTTP\/1\.1 400/, name)
    }
  })

  test('bad JSON, wrong shapes, bombs and unknown verbs are 4xx, quickly, and the server lives', async () => {
    const bodies: readonly [string, number][] = [
      ['{bad', 400],
      ['[1]', 400],
      ['"x"', 400],
      ['{"data":{"a":1}} x', 400],
      [`{"data":${'['.repeat(100_000)}`, 400],
      [`{"data":[${'{},'.repeat(1_000_000)}{}]}`, 400],
      ['{"data":"text"}', 400],
      ['{"data":{"a":1},"options":{"cas":"x"}}', 400],
    ]
    for (const [bytes, status] of bodies) {
      const answer = await server.call('POST', 'secret/data/bad', undefined, {
        bytes,
        headers: { 'Content-Type': 'application/json' },
      })
      assert.equal(answer.status, status, `${bytes.slice(0, 40)}: ${answer.text.slice(0, 200)}`)
      assert.ok(!/\bat .*\.ts\b/.test(answer.text))
    }
    assert.equal((await server.call('FROB', 'secret/data/bad').catch(() => ({ status: 400 }))).status >= 400, true)
    const huge = await server
      .call('POST', 'secret/data/bad', undefined, { bytes: Buffer.alloc(34 << 20, 0x20) })
      .catch(() => ({ status: 413 }))
    assert.equal(huge.status, 413)
    assert.equal((await server.call('GET', 'secret/data/bad')).status, 404)
    assert.equal((await server.call('GET', 'sys/health')).status, 200)
  })

  test('no spelling of a path leads from what is granted to what is not', async () => {
    await server.call('PUT', 'sys/policies/acl/app', {
      policy: 'path "secret/+/app/*" { capabilities = ["create","read","update","delete","list","patch"] }',
    })
    const made = await server.call('POST', 'auth/token/create', { policies: ['app'], no_default_policy: true })
    const token = textAt(made.json, 'auth', 'client_token')
    assert.equal((await server.call('GET', 'secret/data/app/one', undefined, { token })).status, 200)
    const spellings = [
      'app/../other',
      'app/%2e%2e/other',
      'app/.%2E/other',
      'app/..%2fother',
      'app/%252e%252e/other',
      'app/./../other',
      'app//../other',
      'app/..%5cother',
      'app/..;/other',
      'app/%00/../other',
      'app/..%00/other',
    ]
    const endpoints = ['data', 'metadata', 'delete', 'destroy', 'undelete', 'subkeys']
    for (const endpoint of endpoints) {
      for (const spelling of spellings) {
        for (const method of ['GET', 'POST', 'DELETE', 'LIST']) {
          const answer = await request(server.address, method, `/v1/secret/${endpoint}/${spelling}`, {
            token,
            ...(method === 'POST' ? { body: { versions: [1], data: {} } } : {}),
          })
          assert.ok(!answer.text.includes('canary-other'), `${method} ${endpoint}/${spelling}`)
        }
      }
    }
    const other = await server.call('GET', 'secret/data/other')
    assert.equal(at(other.json, 'data', 'data', 'hidden'), 'canary-other')
    assert.equal(at(other.json, 'data', 'metadata', 'version'), 1)
    assert.equal((await server.call('GET', 'secret/data/user..aaa')).status, 404, 'dots inside a name are a name')
  })

  test('secret JSON comes back byte for byte', async () => {
    const data =
      '{"b":9007199254740993,"a":1.0,"__proto__":{"x":1},"c":12345678901234567890,"d":1e400,"f":-0,"constructor":"y","u":"\\u00e9é","10":1,"9":[1.50,{"z":null}]}'
    await server.call('POST', 'secret/data/exact', undefined, {
      bytes: `{"data":${data}}`,
      headers: { 'Content-Type': 'application/json' },
    })
    assert.ok((await server.call('GET', 'secret/data/exact')).text.includes(`"data":${data}`))
    await server.call('POST', 'cubbyhole/exact', undefined, {
      bytes: data,
      headers: { 'Content-Type': 'application/json' },
    })
    assert.ok((await server.call('GET', 'cubbyhole/exact')).text.includes(data))
    assert.equal(Object.hasOwn(Object.prototype, 'x'), false)
  })

  test('names that JavaScript has on every object are ordinary names', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      assert.equal((await server.call('POST', `secret/data/${name}`, { data: { a: 1 } })).status, 200)
      const policy = await server.call('PUT', `sys/policies/acl/${name}`, {
        policy: 'path "x" { capabilities = ["read"] }',
      })
      // A name with capitals is folded, and a warning says so.
      assert.equal(policy.status, name === name.toLowerCase() ? 204 : 200, policy.text)
      assert.equal((await server.call('GET', `secret/data/${name}`)).status, 200)
    }
    const listed = await server.call('LIST', 'secret/metadata')
    assert.ok(listAt(listed.json, 'data', 'keys').includes('__proto__'))
  })
})

function rawExchange(address: string, text: string): Promise<string> {
  const { hostname, port } = new URL(address)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
    socket.write(text)
  })
}
