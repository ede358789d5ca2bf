/** What waits for a webhook is lost neither by `kill -9` nor by a change of the leader. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { receive } from '../support/webhook-receiver.ts'

const ROUNDS = 6

test('after any number of kills every acknowledged write was delivered, in order', async () => {
  await using receiver = await receive()
  await using server = await startServer({ config: 'serving_threads = 0' })
  await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  const made = await server.call('POST', 'sys/events/webhooks/all', {
    url: receiver.url,
    event_types: 'kv-v2/data-write',
  })
  assert.equal(made.status, 200, made.text)
  const acknowledged: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // In some rounds the receiver is away, so that all of it waits; in others it is being delivered.
    receiver.answer = round % 2 === 0 ? 503 : 204
    let killed: Promise<unknown> | undefined
    for (let i = 0; ; i++) {
      try {
        const answer = await server.call('POST', `secret/data/r${round}/${i}`, { data: { i } })
        if (answer.status === 200) acknowledged.push(`secret/data/r${round}/${i}`)
      } catch {
        break
      }
      // At some moment of one of the next writes, or of a delivery.
      if (i === 8) killed = new Promise((resolve) => setTimeout(() => resolve(server.kill()), round * 7))
    }
    await killed
    await server.restart()
    await server.unseal()
  }
  receiver.answer = 204
  // Whoever waits for its next attempt is told to make it now.
  await server.call('POST', 'sys/events/webhooks/all', {})
  const delivered = () => receiver.taken.map(({ event }) => event.data.event.metadata['path'] ?? '')
  const missing = (): string[] => {
    const seen = new Set(delivered())
    return acknowledged.filter((path) => !seen.has(path))
  }
  await until(() => missing().length === 0, 60_000, 'all that was acknowledged')
  const seen = new Set(delivered())
  // At least once: some twice, but each first time in the order of the commits.
  const order = [...seen].filter((path) => acknowledged.includes(path))
  assert.deepEqual(order, acknowledged)
  assert.ok(acknowledged.length > ROUNDS * 5, `${acknowledged.length} writes`)
})
