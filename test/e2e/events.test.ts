import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'
import { subscribe } from '../support/subscriber.ts'

suite('events', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'sys/mounts/plain', { type: 'kv' })
  })
  after(() => server[Symbol.asyncDispose]())

  test('of a secret that is written are told as CloudEvents, without what is in it', async () => {
    await using s = await subscribe(server, 'kv-v2/data-write')
    await server.call('POST', 'secret/data/app', { data: { password: 'hush-hush' } })
    const event = await s.next()
    const { metadata } = event.data.event
    assert.equal(event.id, event.data.event.id)
    assert.deepEqual(
      { ...metadata, vault_index: undefined },
      {
        current_version: '1',
        data_path: 'secret/data/app',
        modified: 'true',
        oldest_version: '0',
        operation: 'data-write',
        path: 'secret/data/app',
        vault_index: undefined,
      },
    )
    assert.ok(!s.received.join('').includes('hush'))
  })
})
