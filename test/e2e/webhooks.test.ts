/** Webhooks, with receivers that are real servers. What survives a crash: `test/chaos/webhooks.test.ts`. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { tokenWith } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { tlsFile } from '../support/listener.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { isSigned, receive } from '../support/webhook-receiver.ts'

suite('webhooks', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true, config: 'serving_threads = 1' })
    await done('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  })
  after(() => server[Symbol.asyncDispose]())

  const done = async (method: string, path: string, body?: unknown) => {
    const answer = await server.call(method, path, body)
    assert.ok(answer.status < 300, `${answer.status} ${answer.text}`)
    return answer
  }
  const put = (name: string) => done('POST', `secret/data/${name}`, { data: { password: 'hush-hush' } })
  const status = async (name: string) => (await done('GET', `sys/events/webhooks/${name}/status`)).json

  test('are sent what happens, signed, in order, and nothing else', async () => {
    await using receiver = await receive()
    const made = await done('POST', 'sys/events/webhooks/first', {
      url: receiver.url,
      event_types: 'kv-v2/data-*',
      filter: '"hook/" in path',
    })
    const secret = textAt(made.json, 'data', 'secret')
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    for (let i = 0; i < 10; i++) await put(`hook/${i}`)
    await put('elsewhere')
    await done('DELETE', 'secret/metadata/hook/1')
    await put('hook/last')
    await until(() => receiver.taken.length === 11)
    assert.deepEqual(
      receiver.taken.map(({ event }) => event.data.event.metadata['path']),
      [...Array.from({ length: 10 }, (_, i) => `secret/data/hook/${i}`), 'secret/data/hook/last'],
    )
    for (const one of receiver.taken) {
      assert.ok(isSigned(one, secret))
      assert.ok(!isSigned({ ...one, body: `${one.body} ` }, secret))
      assert.equal(one.headers['webhook-id'], one.event.id)
      assert.equal(one.headers['content-type'], 'application/cloudevents+json; charset=utf-8')
      assert.ok(!one.body.includes('hush'))
    }
    await until(async () => at(await status('first'), 'data', 'delivered') === 11)
    assert.equal(at(await status('first'), 'data', 'pending'), 0)
    await done('DELETE', 'sys/events/webhooks/first')
    await put('hook/unheard')
    assert.equal(receiver.taken.length, 11)
    assert.equal((await server.call('GET', 'sys/events/webhooks/first')).status, 404)
    assert.equal((await server.call('GET', 'sys/events/webhooks/first/status')).status, 404)
  })

  test('never show their secret again, nor do audit devices', async () => {
    await using receiver = await receive()
    const own = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    assert.equal((await done('POST', 'sys/events/webhooks/own', { url: receiver.url, secret: own })).status, 204)
    const read = await done('GET', 'sys/events/webhooks/own')
    assert.deepEqual(at(read.json, 'data'), {
      ca_cert: '',
      event_types: ['*'],
      filter: '',
      max_attempts: 0,
      max_pending: 10000,
      namespaces: [],
      url: receiver.url,
    })
    assert.deepEqual(at((await done('LIST', 'sys/events/webhooks')).json, 'data', 'keys'), ['own'])
    const tried = await done('POST', 'sys/events/webhooks/own/test')
    assert.deepEqual(at(tried.json, 'data'), { delivered: true, status_code: 204, error: '' })
    const [one] = receiver.taken
    assert.ok(one !== undefined && isSigned(one, own))
    assert.equal(one.event.data.event_type, 'webhook/test')
    // What is left out stays as it is, the secret, too.
    assert.equal((await done('POST', 'sys/events/webhooks/own', { event_types: 'kv*' })).status, 204)
    await put('own')
    await until(() => receiver.taken.length === 2)
    assert.ok(receiver.taken[1] !== undefined && isSigned(receiver.taken[1], own))
    assert.ok(!readFileSync(server.auditFile, 'utf8').includes('whsec_'))
    await done('DELETE', 'sys/events/webhooks/own')
  })

  test('try again until the receiver has taken an event, and keep the order', async () => {
    await using receiver = await receive()
    receiver.answer = 503
    await done('POST', 'sys/events/webhooks/again', { url: receiver.url })
    await put('again/1')
    await put('again/2')
    await until(() => receiver.refused.length >= 2, 10_000, 'two attempts')
    const state = await status('again')
    assert.equal(at(state, 'data', 'pending'), 2)
    assert.equal(at(state, 'data', 'last_error'), 'the receiver answered 503')
    assert.notEqual(at(state, 'data', 'next_attempt_time'), '')
    receiver.answer = 0
    // Written anew, it is tried at once.
    await done('POST', 'sys/events/webhooks/again', { max_attempts: 0 })
    await until(() => receiver.refused.length >= 3)
    receiver.answer = 200
    await done('POST', 'sys/events/webhooks/again', { max_attempts: 0 })
    await until(() => receiver.taken.length === 2)
    assert.deepEqual(
      receiver.taken.map(({ event }) => event.data.event.metadata['path']),
      ['secret/data/again/1', 'secret/data/again/2'],
    )
    // Each attempt is of the same event, and signed for its own time.
    assert.equal(new Set(receiver.refused.map(({ headers }) => headers['webhook-id'])).size, 1)
    assert.equal(receiver.refused[0]?.headers['webhook-id'], receiver.taken[0]?.headers['webhook-id'])
    await done('DELETE', 'sys/events/webhooks/again')
  })

  test('give an event up after as many attempts as they were told', async () => {
    await using receiver = await receive()
    receiver.answer = 500
    await done('POST', 'sys/events/webhooks/few', { url: receiver.url, max_attempts: 1 })
    await put('few/1')
    await put('few/2')
    await until(async () => at(await status('few'), 'data', 'dropped') === 2)
    assert.equal(receiver.refused.length, 2)
    assert.equal(at(await status('few'), 'data', 'pending'), 0)
    await done('DELETE', 'sys/events/webhooks/few')
  })

  test('drop the oldest of too many that wait, and count them', async () => {
    await using receiver = await receive()
    receiver.answer = 500
    await done('POST', 'sys/events/webhooks/full', { url: receiver.url, max_pending: 5 })
    for (let i = 0; i < 20; i++) await put(`full/${i}`)
    await until(async () => at(await status('full'), 'data', 'pending') === 5)
    receiver.answer = 200
    await done('POST', 'sys/events/webhooks/full', { max_pending: 5 })
    await until(async () => at(await status('full'), 'data', 'pending') === 0)
    const paths = receiver.taken.map(({ event }) => event.data.event.metadata['path'])
    assert.equal(paths.at(-1), 'secret/data/full/19')
    assert.equal(Number(at(await status('full'), 'data', 'dropped')) + paths.length, 20)
    await done('DELETE', 'sys/events/webhooks/full')
  })

  test('stop for a receiver that says it is gone', async () => {
    await using receiver = await receive()
    receiver.answer = 410
    await done('POST', 'sys/events/webhooks/gone', { url: receiver.url })
    await put('gone/1')
    await until(async () => at(await status('gone'), 'data', 'stopped') === true)
    await put('gone/2')
    assert.equal(receiver.refused.length, 1)
    receiver.answer = 200
    await done('POST', 'sys/events/webhooks/gone', { url: receiver.url })
    await until(() => receiver.taken.length === 2)
    await done('DELETE', 'sys/events/webhooks/gone')
  })

  test('speak TLS, with the authority that they are told of and no other', async () => {
    await using receiver = await receive({ tls: true })
    await done('POST', 'sys/events/webhooks/tls', { url: receiver.url })
    const untrusted = await done('POST', 'sys/events/webhooks/tls/test')
    assert.equal(at(untrusted.json, 'data', 'delivered'), false)
    await done('POST', 'sys/events/webhooks/tls', { ca_cert: readFileSync(tlsFile('ca.pem'), 'utf8') })
    assert.equal(at((await done('POST', 'sys/events/webhooks/tls/test')).json, 'data', 'delivered'), true)
    await done('DELETE', 'sys/events/webhooks/tls')
  })

  test('go nowhere that a server must not be made to ask', async () => {
    const refused = [
      'http://example.com/',
      'http://10.0.0.1/',
      'https://169.254.169.254/latest/meta-data',
      'https://[fe80::1]/',
      'https://[::ffff:169.254.169.254]/',
      'https://[fd00:ec2::254]/',
      'https://2852039166/',
      'https://0xa9fea9fe/',
      'https://0.0.0.0/',
      'https://100.100.100.200/',
      'https://user:pass@example.com/',
      'ftp://example.com/',
      'file:///etc/passwd',
      'example.com',
      '',
    ]
    for (const url of refused) {
      const answer = await server.call('POST', 'sys/events/webhooks/bad', { url })
      assert.equal(answer.status, 400, url)
    }
    // A redirect is not followed.
    await using receiver = await receive()
    await using other = await receive()
    receiver.answer = 307
    receiver.answerHeaders['Location'] = other.url
    await done('POST', 'sys/events/webhooks/moved', { url: receiver.url })
    const tried = await done('POST', 'sys/events/webhooks/moved/test')
    assert.deepEqual(at(tried.json, 'data'), {
      delivered: false,
      status_code: 307,
      error: 'the receiver answered 307',
    })
    assert.equal(other.taken.length, 0)
    await done('DELETE', 'sys/events/webhooks/moved')
  })

  test('refuse what cannot work, and who has no sudo', async () => {
    const url = 'http://127.0.0.1:1/'
    const bad: readonly object[] = [
      { url, event_types: [] },
      { url, filter: 'x == ' },
      { url, secret: 'whsec_short' },
      { url, secret: 'plain' },
      { url, ca_cert: 'no certificate' },
      { url, max_pending: 0 },
      { url, max_attempts: -1 },
    ]
    for (const body of bad)
      assert.equal((await server.call('POST', 'sys/events/webhooks/bad', body)).status, 400, JSON.stringify(body))
    const token = await tokenWith(
      server,
      'path "sys/events/webhooks/*" { capabilities = ["create", "read", "update", "delete", "list"] }',
    )
    const write = await server.call('POST', 'sys/events/webhooks/mine', { url }, { token })
    assert.equal(write.status, 403)
    assert.equal((await server.call('DELETE', 'sys/events/webhooks/mine', undefined, { token })).status, 403)
    assert.equal((await server.call('GET', 'sys/events/webhooks/mine', undefined, { token })).status, 404)
  })

  test('of a namespace get what happens there, and go with it', async () => {
    await using receiver = await receive()
    for (const path of ['sys/namespaces/hooked', 'hooked/sys/namespaces/inner']) await done('PUT', path, {})
    for (const path of ['hooked', 'hooked/inner'])
      await done('POST', `${path}/sys/mounts/secret`, { type: 'kv', options: { version: '2' } })
    await done('POST', 'hooked/sys/events/webhooks/own', { url: receiver.url })
    await done('POST', 'hooked/sys/events/webhooks/all', { url: `${receiver.url}?all`, namespaces: '*' })
    await put('not-here')
    await done('POST', 'hooked/secret/data/a', { data: {} })
    await done('POST', 'hooked/inner/secret/data/b', { data: {} })
    await until(() => receiver.taken.length === 3)
    const namespaces = receiver.taken.map(({ event }) => event.data.namespace)
    assert.equal(namespaces.filter((one) => one === 'hooked/').length, 2)
    assert.equal(namespaces.filter((one) => one === 'hooked/inner/').length, 1)
    assert.equal((await server.call('LIST', 'sys/events/webhooks')).status, 404)
    await done('DELETE', 'hooked/sys/namespaces/inner')
    await until(async () => (await server.call('DELETE', 'sys/namespaces/hooked')).status < 300)
    await until(async () => (await server.call('GET', 'sys/namespaces/hooked')).status === 404)
    await put('still')
    assert.equal(receiver.taken.length, 3)
  })

  test('go on where they were after the server was sealed', async () => {
    await using receiver = await receive()
    receiver.answer = 500
    await done('POST', 'sys/events/webhooks/sealed', { url: receiver.url })
    await put('sealed/1')
    await until(() => receiver.refused.length >= 1)
    await done('POST', 'sys/seal')
    receiver.answer = 200
    await server.unseal()
    await until(() => receiver.taken.length === 1, 10_000, 'the event')
    await done('DELETE', 'sys/events/webhooks/sealed')
  })
})
