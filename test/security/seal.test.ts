/** Keys: what opens the vault goes on opening it, and nothing below the engines is reached without being asked for. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createToken, tokenWith, until } from '../support/callers.ts'
import { composedServer } from '../support/composed.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { readFileSync } from 'node:fs'

describe('the shares that the operators hold', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ shares: 5, threshold: 3 })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/a', { data: { a: 0 } })
  })
  after(() => server[Symbol.asyncDispose]())

  test('open the vault after every change to its keys, and over a crash', async () => {
    const changes: readonly (readonly [string, object | undefined])[] = [
      ['sys/rotate', undefined],
      ['sys/rotate/config', { enabled: true, max_operations: 1_000_000, interval: '24h' }],
      ['sys/rotate/keyring', undefined],
      ['sys/rotate/config', { enabled: false }],
      ['sys/rotate', undefined],
    ]
    for (const [i, [path, body]] of changes.entries()) {
      assert.equal((await server.call('POST', path, body)).status, 204, path)
      await server.call('POST', `secret/data/after${i}`, { data: { i } })
      if (i % 2 === 0) assert.equal((await server.call('PUT', 'sys/seal')).status, 204)
      else {
        await server.kill()
        await server.restart()
      }
      // Any three of the five.
      for (const key of [i, i + 2, i + 4].map((n) => server.keys[n % 5]))
        await server.call('PUT', 'sys/unseal', { key })
      assert.equal(at((await server.call('GET', 'sys/seal-status')).json, 'sealed'), false, `after ${path}`)
      for (let j = 0; j <= i; j++)
        assert.equal(at((await server.call('GET', `secret/data/after${j}`)).json, 'data', 'data', 'i'), j)
      assert.equal((await server.call('GET', 'secret/data/a')).status, 200)
    }
    assert.equal(at((await server.call('GET', 'sys/key-status')).json, 'data', 'term'), 4)
  })

  test('open nothing when they are too few, twice the same, altered or of another vault', async () => {
    await server.call('PUT', 'sys/seal')
    const [first = '', second = ''] = server.keys
    const altered = Buffer.from(first, 'base64')
    altered[3] = (altered[3] ?? 0) ^ 1
    const giving = async (...keys: readonly string[]) => {
      await server.call('PUT', 'sys/unseal', { reset: true })
      for (const key of keys) await server.call('PUT', 'sys/unseal', { key })
      return at((await server.call('GET', 'sys/seal-status')).json, 'sealed')
    }
    assert.equal(await giving(first, second), true)
    assert.equal(await giving(first, first, first), true)
    assert.equal(await giving(first, second, altered.toString('base64')), true)
    assert.equal(await giving(...Array.from({ length: 3 }, (_, i) => Buffer.alloc(33, i + 1).toString('base64'))), true)
    // x of zero would be the secret itself.
    assert.equal(await giving(first, second, Buffer.alloc(33).toString('base64')), true)
    await server.call('PUT', 'sys/unseal', { reset: true })
    for (const key of ['', '!', 'ff', 'A', `${first}AAAA`, 'YQ', 'f'.repeat(100_000)]) {
      const { status, text } = await server.call('PUT', 'sys/unseal', { key })
      assert.ok(status === 400 || status === 413, `${key.slice(0, 20)}: ${status}`)
      assert.ok(key === '' || key.length < 8 || !text.includes(key))
    }
    assert.equal(
      at((await server.call('GET', 'sys/seal-status')).json, 'progress'),
      0,
      'what cannot be a share does not count',
    )
    await server.unseal()
    assert.equal((await server.call('GET', 'secret/data/a')).status, 200)
  })

  test('are asked for by a sealed server, which does nothing else', async () => {
    await server.call('PUT', 'sys/seal')
    for (const [method, path] of [
      ['GET', 'secret/data/a'],
      ['GET', 'sys/mounts'],
      ['POST', 'auth/token/create'],
      ['GET', 'auth/token/lookup-self'],
      ['PUT', 'sys/rotate'],
      ['GET', 'sys/key-status'],
      ['POST', 'sys/wrapping/unwrap'],
      ['GET', 'sys/metrics'],
      ['LIST', 'auth/token/accessors'],
      ['PUT', 'sys/generate-root/attempt'],
      ['GET', 'nothing'],
    ] as const) {
      assert.equal((await server.call(method, path)).status, 503, path)
    }
    for (const path of ['sys/health', 'sys/seal-status', 'sys/leader', 'sys/init'])
      assert.notEqual((await server.call('GET', path, undefined, { token: '' })).text, '', path)
    await server.unseal()
  })

  test('are made once, whatever is asked of init afterwards', async () => {
    for (const body of [{ secret_shares: 1, secret_threshold: 1 }, {}, { secret_shares: 0 }]) {
      const answer = await server.call('PUT', 'sys/init', body, { token: '' })
      assert.equal(answer.status, 400)
      assert.ok(!answer.text.includes('keys'))
    }
    assert.equal((await server.call('GET', 'auth/token/lookup-self')).status, 200, 'the root token is still the one')
  })
})

test('a rotation that the storage fails leaves the keys it had or has the new one, and data of both', async () => {
  for (const kind of ['failCommit', 'loseAnswerOfCommit'] as const) {
    for (let k = 1; k <= 3; k++) {
      await using server = await composedServer()
      await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
      await server.call('POST', 'kv/before', { a: 1 })
      server.driver.plan({ [kind]: k })
      await server.call('PUT', 'sys/rotate')
      const failing = await server.call('POST', 'kv/during', { a: 1 })
      server.driver.plan({})
      const written = await server.call('POST', 'kv/after', { a: 1 })
      assert.equal(written.status, 204, `${kind} ${k}: ${written.text}`)
      await server.restart()
      assert.equal((await server.call('GET', 'kv/before')).status, 200, `${kind} ${k}`)
      assert.equal((await server.call('GET', 'kv/after')).status, 200, `${kind} ${k}`)
      if (failing.status === 204) assert.equal((await server.call('GET', 'kv/during')).status, 200, `${kind} ${k}`)
    }
  }
})

describe('sys/raw', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true, config: 'raw_storage_endpoint = true' })
  })
  after(() => server[Symbol.asyncDispose]())

  test('is not there unless it is switched on', async () => {
    await using plain = await startServer({ storage: 'inmem' })
    for (const [method, path] of [
      ['GET', 'sys/raw/core/cluster'],
      ['LIST', 'sys/raw'],
      ['PUT', 'sys/raw/x'],
      ['DELETE', 'sys/raw/x'],
    ] as const)
      assert.equal((await plain.call(method, path, {})).status, 404, path)
  })

  test('takes sudo, and never gives what opens the barrier', async () => {
    const token = await tokenWith(
      server,
      'path "sys/raw/*" { capabilities = ["create", "read", "update", "delete", "list"] }\npath "sys/raw" { capabilities = ["list"] }',
    )
    const sudo = await tokenWith(
      server,
      'path "sys/raw/*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }',
    )
    assert.equal((await server.call('GET', 'sys/raw/core/cluster', undefined, { token })).status, 403)
    assert.equal((await server.call('LIST', 'sys/raw/core', undefined, { token })).status, 403)
    const keys = listAt(
      (await server.call('LIST', 'sys/raw/core', undefined, { token: sudo })).json,
      'data',
      'keys',
    ).map(String)
    const closed: string[] = []
    for (const key of keys.filter((name) => !name.endsWith('/')))
      if ((await server.call('GET', `sys/raw/core/${key}`, undefined, { token: sudo })).status === 400) closed.push(key)
    assert.ok(closed.includes('keyring') && closed.includes('root-key'), closed.join())
    for (const key of [...closed, 'keyring/x', 'keyring/../keyring']) {
      for (const method of ['GET', 'PUT', 'DELETE'])
        assert.equal((await server.call(method, `sys/raw/core/${key}`, { value: 'x' })).status, 400, `${method} ${key}`)
    }
    assert.equal((await server.call('PUT', 'sys/seal')).status, 204)
    await server.unseal()
  })

  test('keeps what is written and read through it out of the audit log, in either encoding', async () => {
    const text = 'canary-raw-7cc1'
    const base64 = Buffer.from(text).toString('base64')
    await server.call('PUT', 'sys/raw/test/text', { value: text })
    await server.call('PUT', 'sys/raw/test/base64', { value: base64, encoding: 'base64' })
    for (const path of ['text', 'base64']) {
      assert.ok((await server.call('GET', `sys/raw/test/${path}`)).text.includes(text))
      assert.ok((await server.call('GET', `sys/raw/test/${path}?encoding=base64`)).text.includes(base64))
    }
    for (const value of ['YQ', 'YR==', 'Y Q==', '!!!!', 'YQ==\n'])
      assert.equal((await server.call('PUT', 'sys/raw/test/x', { value, encoding: 'base64' })).status, 400, value)
    const audit = await until('the entries', () => {
      const found = readFileSync(server.auditFile, 'utf8')
      return found.includes('sys/raw/test/base64') ? found : undefined
    })
    for (const secret of [text, base64]) assert.ok(!audit.includes(secret) && !server.output.includes(secret))
  })
})

test('seal and step-down take the right to do so, and a sealed server cannot be sealed by a stranger', async () => {
  await using server = await startServer({ storage: 'inmem' })
  const without = await tokenWith(
    server,
    'path "sys/seal" { capabilities = ["update"] }\npath "sys/rotate" { capabilities = ["update"] }\npath "sys/step-down" { capabilities = ["update"] }',
  )
  for (const path of ['sys/seal', 'sys/rotate', 'sys/step-down']) {
    for (const token of ['', 'hvs.x', without, await createToken(server, { policies: ['default'] })])
      assert.equal((await server.call('PUT', path, {}, { token })).status, 403, path)
  }
  const key = server.keys[0]
  assert.equal((await server.call('PUT', 'sys/seal')).status, 204)
  const race = await Promise.all([
    server.call('PUT', 'sys/unseal', { key }),
    ...Array.from({ length: 20 }, () => server.call('PUT', 'sys/seal', {}, { token: '' })),
  ])
  assert.equal(textAt(race[0]?.json, 'type'), 'shamir')
  assert.equal(at((await server.call('GET', 'sys/seal-status')).json, 'sealed'), false)
})
