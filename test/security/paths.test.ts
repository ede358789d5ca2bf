/** One spelling of a path for router, policy, audit and storage: whatever is another spelling is refused. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { tokenWith, until } from '../support/callers.ts'
import { request } from '../support/http.ts'
import { at, listAt } from '../support/json.ts'
import { talk } from '../support/listener.ts'
import { startServer, type TestServer } from '../support/server.ts'

const ENDPOINTS = ['data', 'metadata', 'delete', 'destroy', 'undelete', 'subkeys', 'detailed-metadata']

/** Spellings that reach `other` from `app/` for a reader that decodes, cleans or cuts more than we do. */
const SPELLINGS = [
  'app/../other',
  'app/%2e%2e/other',
  'app/.%2E/other',
  'app/%2e./other',
  'app/..%2fother',
  'app/..%2Fother',
  'app%2f..%2fother',
  'app/x/../../other',
  'app/./../other',
  'app/./x',
  'app/%2e/x',
  'app//x',
  'app//../other',
  'app/..//other',
  'app/x/.',
  'app/x/..',
  'app/../other/.',
  'app/..%5cother',
  'app/%5c..%5cother',
  'app/%00/../other',
  'app/..%00/other',
]

/** What the request target is, and what becomes of it: a path that router, policy and audit have alike, or nothing (400, 404). */
const TARGETS: readonly (readonly [string, string | undefined])[] = [
  ['/v1/secret/data/app/x', 'secret/data/app/x'],
  ['/v1/secret/data/app/x?version=1', 'secret/data/app/x'],
  ['/v1/secret/data/app/x?', 'secret/data/app/x'],
  ['/v1/secret/%64ata/app/x', 'secret/data/app/x'],
  ['/v1/%73ecret/data/app/x', 'secret/data/app/x'],
  ['/v1/secret%2fdata%2fapp%2fx', 'secret/data/app/x'],
  ['/v1/secret/data/app/a%20b', 'secret/data/app/a b'],
  ['/v1/secret/data/app/a+b', 'secret/data/app/a+b'],
  ['/v1/secret/data/app/%c3%a9', 'secret/data/app/é'],
  ['/v1/secret/data/app/a%25b', 'secret/data/app/a%b'],
  ['/v1/secret/data/app/%252e%252e', 'secret/data/app/%2e%2e'],
  ['/v1/secret/data/app/%252f', 'secret/data/app/%2f'],
  ['/v1/secret/data/app/a;b=c', 'secret/data/app/a;b=c'],
  ['/v1/secret/data/app/..;/x', 'secret/data/app/..;/x'],
  ['/v1/secret/data/app/a%23b', 'secret/data/app/a#b'],
  ['/v1/secret/data/app/a%3fb', 'secret/data/app/a?b'],
  ['/v1/secret/data/app/user..aaa', 'secret/data/app/user..aaa'],
  ['/v1/secret/data/app/...', 'secret/data/app/...'],
  ['/v1/secret/data/app/.hidden', 'secret/data/app/.hidden'],
  ['/v1/secret/data/app/x.', 'secret/data/app/x.'],
  ['/v1/secret/data/app/a%5cb', 'secret/data/app/a\\b'],
  ['/v1/secret/data/app/__proto__', 'secret/data/app/__proto__'],
  ['/v1/secret/data/app/C:', 'secret/data/app/C:'],
  ['/v1/secret/data/app/a%0ab', undefined],
  ['/v1/secret/data/app/a%0d%0ab', undefined],
  ['/v1/secret/data/app/a%09b', undefined],
  ['/v1/secret/data/app/%00', undefined],
  ['/v1/secret/data/app/%7f', undefined],
  ['/v1/secret/data/app/%1b%5b31m', undefined],
  ['/v1/secret/data/app/%e2%80%ae', undefined],
  ['/v1/secret/data/app/%c2%85', undefined],
  ['/v1/secret/data/app/%ff', undefined],
  ['/v1/secret/data/app/%c0%af', undefined],
  ['/v1/secret/data/app/%ed%a0%80', undefined],
  ['/v1/secret/data/app/%zz', undefined],
  ['/v1/secret/data/app/%', undefined],
  ['/v1/secret/data/app/%2', undefined],
  ['/v1/secret/data/app/\xe9', undefined],
  ['/v1/secret/data/app/..', undefined],
  ['/v1/secret/data/app/.', undefined],
  ['/v1/secret/data/app/../x', undefined],
  ['/v1/secret/data/app/%2e%2e/x', undefined],
  ['/v1/secret/data/app/%2E%2E%2Fx', undefined],
  ['/v1/secret/data/app//x', undefined],
  ['/v1//secret/data/app/x', undefined],
  ['/v1/secret/data/app/x//', undefined],
  ['/v1/secret/data/app/x\\y', undefined],
  ['/v1/secret\\data\\app\\x', undefined],
  ['/v1/secret/data/app/x#y', undefined],
  ['/v1/secret/data/app/x?a=%00', undefined],
  ['/v1/secret/data/app/x?a=%zz', undefined],
  ['/v1/secret/data/app/x?a=1;b=2', undefined],
  [`/v1/secret/data/app/${'a'.repeat(513)}`, undefined],
  [`/v1/secret/data/app/${'a/'.repeat(1000)}`, undefined],
  ['//v1/secret/data/app/x', undefined],
  ['//evil.example/v1/secret/data/app/x', undefined],
  ['/v1/../v1/secret/data/app/x', undefined],
  ['/./v1/secret/data/app/x', undefined],
  ['/V1/secret/data/app/x', undefined],
  ['/v2/secret/data/app/x', undefined],
  ['/v1', undefined],
  ['http://127.0.0.1/v1/secret/data/app/x', undefined],
  ['http://evil.example/v1/secret/data/app/x', undefined],
  ['*', undefined],
]

describe('paths', () => {
  let server: TestServer
  let port: number
  let token: string
  before(async () => {
    server = await startServer({ audit: true, config: 'log_requests_level = "info"' })
    port = Number(new URL(server.address).port)
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    for (const name of ['other', 'app/x'])
      await server.call('POST', `secret/data/${name}`, { data: { hidden: `canary-${name}` } })
    token = await tokenWith(
      server,
      'path "secret/+/app/*" { capabilities = ["create","read","update","patch","delete","list"] }',
    )
  })
  after(() => server[Symbol.asyncDispose]())

  test('with dots or empty segments in any encoding are refused at every endpoint and verb, whoever asks', async () => {
    let asked = 0
    for (const endpoint of ENDPOINTS) {
      for (const spelling of SPELLINGS) {
        for (const method of ['GET', 'POST', 'PATCH', 'DELETE', 'LIST']) {
          for (const caller of [token, server.token]) {
            const body = method === 'POST' || method === 'PATCH' ? { body: { versions: [1], data: { hidden: 1 } } } : {}
            const { status, text } = await request(server.address, method, `/v1/secret/${endpoint}/${spelling}`, {
              token: caller,
              ...body,
            })
            assert.equal(status, 400, `${method} ${endpoint}/${spelling}: ${status} ${text}`)
            asked++
          }
        }
      }
    }
    assert.equal(asked, ENDPOINTS.length * SPELLINGS.length * 10)
    const other = await server.call('GET', 'secret/metadata/other')
    assert.deepEqual(
      [at(other.json, 'data', 'current_version'), at(other.json, 'data', 'versions', '1', 'destroyed')],
      [1, false],
    )
  })

  test('that only look odd are names of their own, below what is granted', async () => {
    for (const spelling of [
      'app/%252e%252e/other',
      'app/..%252fother',
      'app/..;/other',
      'app/user..aaa',
      'app/...',
      'app/%20..%20',
    ]) {
      assert.equal(
        (await server.call('POST', `secret/data/${spelling}`, { data: { own: spelling } }, { token })).status,
        200,
        spelling,
      )
      assert.equal(
        at((await server.call('GET', `secret/data/${spelling}`, undefined, { token })).json, 'data', 'data', 'own'),
        spelling,
      )
    }
    assert.equal(at((await server.call('GET', 'secret/data/other')).json, 'data', 'data', 'hidden'), 'canary-other')
  })

  test('stand in the audit entry as they were routed and decided', async () => {
    const mark = readFileSync(server.auditFile, 'utf8').length
    const expected: string[] = []
    for (const [target, path] of TARGETS) {
      const answer = await talk(
        port,
        `GET ${target} HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\nConnection: close\r\n\r\n`,
      )
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]
      if (path === undefined) {
        assert.ok(status === '400' || status === '404' || status === '403', `${target}: ${status}`)
        assert.ok(!answer.includes('canary'), target)
        continue
      }
      expected.push(path)
      assert.ok(status === '200' || status === '404', `${target}: ${answer}`)
      assert.equal(answer.includes('canary-app/x'), path === 'secret/data/app/x', target)
    }
    const found = await until('the entries', () => {
      const lines = readFileSync(server.auditFile, 'utf8')
        .slice(mark)
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line))
      const paths = lines
        .filter((line) => at(line, 'type') === 'request')
        .map((line) => String(at(line, 'request', 'path')))
      return paths.length >= expected.length ? paths : undefined
    })
    assert.deepEqual(
      found.filter((path) => path !== ''),
      expected,
    )
  })

  test('too long, too deep or with control characters store nothing', async () => {
    const count = async () => listAt((await server.call('LIST', 'secret/metadata/')).json, 'data', 'keys').length
    const before = await count()
    for (const name of [
      'a'.repeat(33_000),
      'a/'.repeat(10_000) + 'x',
      'x'.repeat(513),
      'é'.repeat(300),
      'a%0ab',
      'a%00',
      'a%7f',
      'a%e2%80%aeb',
      'a%ff',
      'a%ed%b0%80',
      'a%ef%bb%bf',
    ]) {
      const { status } = await server
        .call('POST', `secret/data/${name}`, { data: { a: 1 } })
        .catch(() => ({ status: 431 }))
      assert.ok(status === 400 || status === 414 || status === 431, `${name.slice(0, 30)}: ${status}`)
    }
    for (const path of [
      'sys/policies/acl/a%0ab',
      'sys/mounts/a%0ab',
      'auth/token/roles/a%0ab',
      'sys/mounts/%e2%80%aex',
    ]) {
      assert.equal((await server.call('POST', path, { type: 'kv', policy: '' })).status, 400, path)
    }
    assert.equal(await count(), before)
  })

  test('in a body are as strict as in a request', async () => {
    for (const to of ['a//b', 'a/../b', '../b', 'a/./b', 'a\u0000', 'a\u202eb', 'a ', '.', '']) {
      const { status, text } = await server.call('POST', 'sys/remount', { from: 'secret', to })
      assert.equal(status, 400, `${to}: ${text}`)
    }
    assert.equal((await server.call('GET', 'secret/data/other')).status, 200)
  })

  test('in the log are escaped, and one line each', async () => {
    const before = server.output.length
    await server.call('PUT', 'sys/policies/acl/x', {
      policy: 'path "a\u001b[31m\n{\\"type\\":\\"response\\"}" { capabilities = ["frob\u001b[2J\\nforged"] }',
    })
    await talk(port, `GET /v1/secret/data/app/a%1b%5b31m HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\n\r\n`)
    await server.call('GET', 'secret/data/a%C2%A0marker')
    await server.said(/marker/)
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(server.output.slice(before), /[\u001b\u0000-\u0009\u000b-\u001f]/)
    const audit = readFileSync(server.auditFile, 'utf8').trimEnd()
    for (const line of audit.split('\n')) assert.doesNotThrow(() => JSON.parse(line))
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(audit, /[\u0000-\u0009\u000b-\u001f]/)
  })

  test('lists are in the order of bytes, in pages and whole', async () => {
    const names = ['😀', '\uff5e', 'a', 'A', 'ä', '10', '9', '__proto__', 'z', 'a.b', 'a-b']
    for (const name of names)
      await server.call('POST', `secret/data/order/${encodeURIComponent(name)}`, { data: { a: 1 } })
    const expected = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    assert.deepEqual(at((await server.call('LIST', 'secret/metadata/order')).json, 'data', 'keys'), expected)
    const paged: unknown[] = []
    for (let after = ''; paged.length < names.length; after = String(paged.at(-1))) {
      const page = await server.call('LIST', `secret/metadata/order?limit=2&after=${encodeURIComponent(after)}`)
      paged.push(...listAt(page.json, 'data', 'keys'))
    }
    assert.deepEqual(paged, expected)
  })
})
