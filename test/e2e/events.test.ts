/** Events as subscribers get them: which, to whom, for how long. Webhooks: `webhooks.test.ts`. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createToken, tokenWith } from '../support/callers.ts'
import { request } from '../support/http.ts'
import { textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { subscribe } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

const EVERYTHING = `path "sys/events/subscribe/*" { capabilities = ["read"] }
path "*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list", "subscribe"]
  subscribe_event_types = ["*"]
}`

suite('events', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true, config: 'serving_threads = 2' })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'sys/mounts/plain', { type: 'kv' })
    for (const path of ['sys/namespaces/team', 'team/sys/namespaces/inner', 'sys/namespaces/other']) await put(path, {})
    for (const namespace of ['team', 'team/inner', 'other'])
      await put(`${namespace}/sys/mounts/secret`, { type: 'kv', options: { version: '2' } })
  })
  after(() => server[Symbol.asyncDispose]())

  const put = async (path: string, body: object = { data: { password: 'hush-hush' } }): Promise<void> => {
    const answer = await server.call('POST', path, body)
    assert.ok(answer.status < 300, answer.text)
  }

  test('of a secret that is written are told as CloudEvents, without what is in it', async () => {
    await using s = await subscribe(server, 'kv-v2/data-write')
    await put('secret/data/app')
    const event = await s.next()
    const { vault_index: index, ...metadata } = event.data.event.metadata
    assert.match(index ?? '', /^[A-Za-z0-9+/]+=*$/)
    assert.deepEqual(metadata, {
      current_version: '1',
      data_path: 'secret/data/app',
      modified: 'true',
      oldest_version: '0',
      operation: 'data-write',
      path: 'secret/data/app',
    })
    const mounts = await server.call('GET', 'sys/mounts/secret')
    assert.deepEqual(event.data.plugin_info, {
      mount_class: 'secret',
      mount_accessor: textAt(mounts.json, 'data', 'accessor'),
      mount_path: 'secret/',
      plugin: 'kv',
      version: '2',
    })
    const { data: _, ...rest } = event
    assert.deepEqual(
      { ...rest, id: '', time: '', source: '' },
      {
        id: '',
        source: '',
        specversion: '1.0',
        type: '*',
        datacontenttype: 'application/json',
        datacontentype: 'application/cloudevents',
        time: '',
      },
    )
    assert.equal(event.id, event.data.event.id)
    assert.match(event.source, /^coffer:\/\/[0-9a-f-]{36}$/)
    assert.ok(!Number.isNaN(Date.parse(event.time)))
    assert.ok(!s.received.join('').includes('hush'))
  })

  test('come of everything that is done to secrets, in order', async () => {
    await using s = await subscribe(server, 'kv*')
    await put('secret/data/all')
    await server.call('PATCH', 'secret/data/all', { data: { b: 2 } }, { headers: MERGE_PATCH })
    await server.call('DELETE', 'secret/data/all')
    await put('secret/undelete/all', { versions: [2] })
    await put('secret/delete/all', { versions: [1] })
    await put('secret/destroy/all', { versions: [1] })
    await put('secret/metadata/all', { max_versions: 3 })
    await server.call('PATCH', 'secret/metadata/all', { max_versions: 4 }, { headers: MERGE_PATCH })
    await server.call('DELETE', 'secret/metadata/all')
    await put('secret/config', { max_versions: 7 })
    await put('plain/app', { password: 'hush-hush' })
    await server.call('DELETE', 'plain/app')
    assert.deepEqual(await s.told(12), [
      'kv-v2/data-write secret/data/all',
      'kv-v2/data-patch secret/data/all',
      'kv-v2/data-delete secret/data/all',
      'kv-v2/undelete secret/undelete/all',
      'kv-v2/delete secret/delete/all',
      'kv-v2/destroy secret/destroy/all',
      'kv-v2/metadata-write secret/metadata/all',
      'kv-v2/metadata-patch secret/metadata/all',
      'kv-v2/metadata-delete secret/metadata/all',
      'kv-v2/config-write secret/config',
      'kv-v1/write plain/app',
      'kv-v1/delete plain/app',
    ])
    assert.ok(!s.received.join('').includes('hush'))
    const [, , , undelete, , destroy] = s.events
    assert.equal(undelete?.data.event.metadata['undeleted_versions'], '[2]')
    assert.equal(undelete?.data.event.metadata['data_path'], 'secret/data/all')
    assert.equal(destroy?.data.event.metadata['destroyed_versions'], '[1]')
  })

  test('come once for each commit, and not at all for what was refused or changed nothing', async () => {
    await using s = await subscribe(server, 'kv-v2/*')
    await server.call('POST', 'secret/data/cas', { data: {}, options: { cas: 7 } })
    await server.call('DELETE', 'secret/data/absent')
    await server.call('DELETE', 'secret/metadata/absent')
    // These conflict with each other, and all but one are run again.
    await Promise.all(Array.from({ length: 20 }, () => put('secret/data/busy')))
    await put('secret/data/last')
    const told = await s.told(21)
    assert.deepEqual(new Set(told), new Set(['kv-v2/data-write secret/data/busy', 'kv-v2/data-write secret/data/last']))
    const versions = s.events.map(({ data }) => data.event.metadata['current_version'])
    assert.deepEqual(
      versions.slice(0, 20),
      Array.from({ length: 20 }, (_, i) => String(i + 1)),
    )
    assert.equal(new Set(s.events.map(({ id }) => id)).size, 21)
  })

  test('come to those who subscribe through any thread', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => subscribe(server, 'kv-v2/data-write')))
    await put('secret/data/threads')
    for (const one of all) assert.deepEqual(await one.told(1), ['kv-v2/data-write secret/data/threads'])
    await Promise.all(all.map((one) => one[Symbol.asyncDispose]()))
    await until(async () => (await subscriptions()) === 0, 10_000, 'the end of the subscriptions')
  })

  test('come as Protocol Buffers unless JSON is asked for', async () => {
    await using s = await subscribe(server, '*', { json: false })
    await put('secret/data/proto')
    await until(() => s.received.length === 1)
    const bytes = s.received[0] ?? Buffer.alloc(0)
    // EventReceived: 1 is the event, 3 its type, 4 the plugin.
    assert.equal(bytes[0], 0x0a)
    for (const text of ['\x1a\x10kv-v2/data-write', 'secret/data/proto', '\x1a\x07secret/', '"\x02kv', '2\x012'])
      assert.ok(bytes.includes(text), JSON.stringify(text))
  })

  test('are chosen by type and by filter', async () => {
    const filters: readonly (readonly [string, string, number])[] = [
      ['*', 'data_path == secret/data/one', 1],
      ['kv-v2/data-*', 'data_path == secret/data/one and operation != "data-write"', 0],
      ['kv-v2/*', 'source_plugin_mount == "secret/" and namespace == ""', 2],
      ['*', 'metadata.current_version == "1" and event_type == "kv-v2/data-write"', 2],
      ['kv-v1/*', '', 1],
      ['*', '"one" in path', 1],
      ['kv-v2/data-patch', '', 0],
    ]
    const all = await Promise.all(filters.map(([type, filter]) => subscribe(server, type, { filter })))
    await put('secret/data/one')
    await put('secret/data/two')
    await put('plain/three', { a: 1 })
    await using end = await subscribe(server, '*')
    await put('plain/end', { a: 1 })
    await end.next()
    for (const [i, [type, filter, count]] of filters.entries()) {
      const seen = () => all[i]?.events.filter(({ data }) => data.event.metadata['path'] !== 'plain/end').length
      await until(() => (seen() ?? 0) >= count, 5000, filter)
      assert.equal(seen(), count, `${type} ${filter}`)
    }
    for (const one of all) one.socket.terminate()
  })

  test('are refused to who asks for what cannot be', async () => {
    await assert.rejects(subscribe(server, '*', { filter: 'nonsense ==' }), /400 .*invalid filter/)
    await assert.rejects(subscribe(server, '*', { filter: 'secret == a' }), /400 .*which there is not/)
    await assert.rejects(subscribe(server, ''), /400 .*did not specify eventType/)
    await assert.rejects(subscribe(server, '*', { token: 'hvs.none' }), /403 /)
    const plain = await server.call('GET', 'sys/events/subscribe/kv*')
    assert.equal(plain.status, 426)
    assert.equal(plain.headers['upgrade'], 'websocket')
    assert.match(plain.text, /does not contain Upgrade/)
    assert.equal((await server.call('GET', 'sys/events/subscribe/kv*', undefined, { token: '' })).status, 403)
    const bad = await server.call('GET', 'sys/events/subscribe/kv*?json=perhaps', undefined, { headers: WEBSOCKET })
    assert.equal(bad.status, 400)
  })

  test('come to whom a policy lets subscribe to their path, and nobody else', async () => {
    const subscribing = 'path "sys/events/subscribe/*" { capabilities = ["read"] }'
    const rule = (path: string, capabilities: string, types: string) =>
      `${subscribing}\npath "${path}" { capabilities = [${capabilities}]\n subscribe_event_types = [${types}] }`
    const cases: readonly (readonly [string, readonly string[]])[] = [
      [EVERYTHING, ['kv-v2/data-write', 'kv-v2/metadata-write', 'kv-v1/write']],
      [subscribing, []],
      [rule('secret/data/m/*', '"subscribe"', '"*"'), ['kv-v2/data-write']],
      [rule('secret/data/m/*', '"subscribe"', '"kv-v2/*"'), ['kv-v2/data-write']],
      [rule('secret/data/m/*', '"subscribe"', '"kv-v1/*"'), []],
      [`${subscribing}\npath "secret/*" { capabilities = ["subscribe"] }`, []],
      [rule('secret/data/m/*', '"read", "list"', '"*"'), []],
      [rule('secret/*', '"subscribe"', '"*"'), ['kv-v2/data-write', 'kv-v2/metadata-write']],
      [rule('secret/data/m/other', '"subscribe"', '"*"'), []],
      [
        `${rule('secret/*', '"subscribe"', '"*"')}\npath "secret/data/m/*" { capabilities = ["deny"] }`,
        ['kv-v2/metadata-write'],
      ],
      [rule('+/m/*', '"subscribe"', '"kv-v1/write"'), ['kv-v1/write']],
      [rule('+/data/m/+', '"subscribe"', '"kv-v1/*", "*-write"'), ['kv-v2/data-write']],
      [rule('plain/m/*', '"subscribe"', '"kv-v1/write"'), ['kv-v1/write']],
    ]
    const all = await Promise.all(
      cases.map(async ([policy]) => subscribe(server, '*', { token: await tokenWith(server, policy) })),
    )
    await put('secret/data/m/one')
    await put('secret/metadata/m/one', { max_versions: 2 })
    await put('plain/m/one', { a: 1 })
    for (const [i, [policy, types]] of cases.entries()) {
      await until(() => (all[i]?.received.length ?? 0) >= types.length, 5000, policy)
      assert.deepEqual(
        all[i]?.events.map(({ data }) => data.event_type),
        types,
        policy,
      )
      assert.equal(all[i]?.closed, undefined)
    }
    // Looked at once more, after all of them have had their time.
    await put('secret/data/elsewhere')
    assert.deepEqual(await all[0]?.told(4).then((told) => told.length), 4)
    for (const [i, [policy, types]] of cases.entries())
      if (i > 0 && !policy.includes('secret/*')) assert.equal(all[i]?.received.length, types.length, policy)
    for (const one of all) one.socket.terminate()
    await assert.rejects(
      subscribe(server, 'kv*', { token: await tokenWith(server, 'path "secret/*" { capabilities = ["subscribe"] }') }),
      /403 /,
    )
    await assert.rejects(
      subscribe(server, 'database*', {
        token: await tokenWith(server, 'path "sys/events/subscribe/kv*" { capabilities = ["read"] }'),
      }),
      /403 /,
    )
  })

  test('of namespaces below come to who asks for them and may list there', async () => {
    await using own = await subscribe(server, '*', { namespace: 'team' })
    await using below = await subscribe(server, '*', { namespace: 'team', namespaces: ['inner'] })
    await using star = await subscribe(server, '*', { namespaces: ['te*'] })
    const narrow = `path "sys/events/subscribe/*" { capabilities = ["read"] }
      path "team/secret/*" { capabilities = ["subscribe"]\n subscribe_event_types = ["*"] }`
    const wide = narrow.replace('["subscribe"]', '["subscribe", "list"]')
    await using unlisted = await subscribe(server, '*', { namespaces: ['*'], token: await tokenWith(server, narrow) })
    await using listed = await subscribe(server, '*', { namespaces: ['*'], token: await tokenWith(server, wide) })
    for (const path of ['secret', 'team/secret', 'team/inner/secret', 'other/secret']) await put(`${path}/data/ns`)
    assert.deepEqual((await own.next()).data.namespace, 'team/')
    assert.deepEqual(
      [(await below.next()).data.namespace, (await below.next()).data.namespace],
      ['team/', 'team/inner/'],
    )
    const seen = [await star.next(), await star.next(), await star.next()].map(({ data }) => data.namespace)
    assert.deepEqual(seen, [undefined, 'team/', 'team/inner/'])
    assert.equal((await listed.next()).data.namespace, 'team/')
    assert.equal(listed.received.length, 1)
    assert.equal(own.received.length, 1)
    assert.equal(unlisted.received.length, 0)
  })

  test('end with the token, at once and with a reason', async () => {
    const token = await tokenWith(server, EVERYTHING)
    await using s = await subscribe(server, '*', { token })
    await put('secret/data/before')
    await s.next()
    await server.call('POST', 'auth/token/revoke', { token })
    await put('secret/data/after')
    assert.deepEqual(await s.ended(), { code: 1008, reason: 'permission denied' })
    assert.equal(s.received.length, 1)
  })

  test('end with a token that expires, though nothing happens', async () => {
    await using s = await subscribe(server, '*', { token: await tokenWith(server, EVERYTHING, { ttl: '1s' }) })
    assert.equal((await s.ended()).code, 1008)
  })

  test('end or get fewer with the policy', async () => {
    const policy = async (text: string) => server.call('PUT', 'sys/policies/acl/changing', { policy: text })
    await policy(EVERYTHING)
    const token = await createToken(server, { policies: ['changing'], no_default_policy: true })
    await using s = await subscribe(server, '*', { token })
    await put('secret/data/first')
    await s.next()
    await policy(EVERYTHING.replace('path "*"', 'path "plain/*"'))
    await put('secret/data/hidden')
    await put('plain/shown', { a: 1 })
    assert.deepEqual(await s.told(1), ['kv-v1/write plain/shown'])
    await server.call('DELETE', 'sys/policies/acl/changing')
    assert.equal((await s.ended()).code, 1008)
  })

  test('end where the namespace is locked or deleted', async () => {
    await server.call('PUT', 'sys/namespaces/brief')
    await using s = await subscribe(server, '*', { namespace: 'brief' })
    const locked = await server.call('POST', 'sys/namespaces/api-lock/lock/brief')
    assert.equal(locked.status, 200, locked.text)
    assert.equal((await s.ended()).reason, 'the namespace is locked')
  })

  test('end for who sends something', async () => {
    await using talking = await subscribe(server, '*')
    talking.socket.send('hello')
    assert.deepEqual(await talking.ended(), { code: 1008, reason: 'nothing is to be sent here' })
    await using long = await subscribe(server, '*')
    long.socket.send('x'.repeat(1000))
    assert.equal((await long.ended()).code, 1009)
  })

  test('end for who does not read, and nobody else waits for him', async () => {
    await using slow = await subscribe(server, 'kv-v1/write')
    await using quick = await subscribe(server, 'kv-v1/write')
    slow.socket.pause()
    const long = `${'x'.repeat(400)}/${'y'.repeat(400)}/${'z'.repeat(400)}`
    const [count, wave] = [4000, 400]
    // In waves that the one who reads keeps up with, however busy the machine is.
    for (let written = 0; written < count; written += wave) {
      let next = written
      const writer = async (): Promise<void> => {
        for (let i = next++; i < written + wave; i = next++) await put(`plain/${i}/${long}`, { a: 1 })
      }
      await Promise.all(Array.from({ length: 20 }, writer))
      await until(() => quick.received.length === written + wave, 20_000, 'all events')
    }
    slow.socket.resume()
    assert.deepEqual(await slow.ended(), { code: 1013, reason: 'events come faster than they are read' })
    assert.ok(slow.received.length < count)
  })

  test('are not for pages of other origins, where an operator has named some', async () => {
    await put('sys/config/cors', { allowed_origins: 'https://ui.example' })
    await using _ = await subscribe(server, '*', { headers: { Origin: 'https://ui.example' } })
    await assert.rejects(subscribe(server, '*', { headers: { Origin: 'https://evil.example' } }), /403 /)
    await server.call('DELETE', 'sys/config/cors')
  })

  test('are audited at the beginning, with the type and without the token', async () => {
    await using _ = await subscribe(server, 'kv-v2/audited')
    const { readFileSync } = await import('node:fs')
    const lines = readFileSync(server.auditFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('sys/events/subscribe/kv-v2/audited'))
    assert.equal(lines.length, 2)
    assert.ok(!lines.join('').includes(server.token))
  })

  test('end when the server is sealed', async () => {
    await using s = await subscribe(server, '*')
    await server.call('POST', 'sys/seal')
    assert.equal((await s.ended()).code, 1001)
    await assert.rejects(subscribe(server, '*'), /503 /)
    await server.unseal()
    await using again = await subscribe(server, '*')
    await put('secret/data/again')
    await again.next()
  })

  async function subscriptions(): Promise<number> {
    const report = await request(server.address, 'GET', '/v1/sys/metrics', { token: server.token })
    const { Gauges } = report.json as { Gauges: { Name: string; Value: number }[] }
    return Gauges.find(({ Name }) => Name.endsWith('events.subscriptions'))?.Value ?? 0
  }
})

const MERGE_PATCH = { 'Content-Type': 'application/merge-patch+json' }
const WEBSOCKET = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}
