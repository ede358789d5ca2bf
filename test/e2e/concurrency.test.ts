/** An await between a check and its act would show here: exactly the allowed number gets through. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'
import { at, textAt } from '../support/json.ts'

describe('under concurrency', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  })
  after(() => server[Symbol.asyncDispose]())

  test('of fifty writers that check and set the same version one wins, each round', async () => {
    for (let version = 0; version < 5; version++) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          server.call('POST', 'secret/data/cas', { options: { cas: version }, data: { writer: i } }),
        ),
      )
      assert.equal(answers.filter((answer) => answer.status === 200).length, 1)
      assert.equal(answers.filter((answer) => answer.status === 400).length, 49)
    }
    const metadata = await server.call('GET', 'secret/metadata/cas')
    assert.equal(at(metadata.json, 'data', 'current_version'), 5)
  })

  test('fifty writers of one key without a check all get their own version', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => server.call('POST', 'secret/data/free', { data: { writer: i } })),
    )
    const versions = answers.map((answer) => at(answer.json, 'data', 'version'))
    assert.equal(new Set(versions).size, 50)
  })

  test('a token of five uses answers exactly five of two hundred requests', async () => {
    await server.call('POST', 'secret/data/used', { data: { a: 1 } })
    const made = await server.call('POST', 'auth/token/create', { policies: ['root'], num_uses: 5 })
    const token = textAt(made.json, 'auth', 'client_token')
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => server.call('GET', 'secret/data/used', undefined, { token })),
    )
    assert.equal(answers.filter((answer) => answer.status === 200).length, 5)
    assert.equal(answers.filter((answer) => answer.status === 403).length, 195)
  })

  test('a wrapped reply is unwrapped once by a hundred', async () => {
    const wrapped = await server.call('GET', 'secret/data/used', undefined, { headers: { 'X-Vault-Wrap-TTL': '60' } })
    const token = textAt(wrapped.json, 'wrap_info', 'token')
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        server.call('POST', 'sys/wrapping/unwrap', i % 2 === 0 ? { token } : undefined, i % 2 === 0 ? {} : { token }),
      ),
    )
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1)
  })

  test('of twenty that mount the same path one succeeds', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => server.call('POST', 'sys/mounts/race', { type: 'kv' })),
    )
    assert.equal(answers.filter((answer) => answer.status === 204).length, 1)
    assert.equal(answers.filter((answer) => answer.status === 400).length, 19)
  })
})
