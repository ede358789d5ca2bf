/** Everything at once on several threads, for half a minute (`SOAK_SECONDS`): no error, and memory that does not go on growing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryOf } from '../support/memory.ts'
import { startServer } from '../support/server.ts'
import { heapOf, soak, type Sample } from '../support/soak.ts'

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 30)
/**
 * How much more the process may have of its own in the last third than in the second, MiB. Garbage that V8 has not come to is of this
 * order; something kept of each request would be several times as much: there are tens of thousands in a third.
 */
const GROWTH = 100

test(`under full load on serving threads nothing fails and nothing is kept, for ${SECONDS} s`, async () => {
  await using server = await startServer({ audit: true, config: 'serving_threads = 2' })
  const mounted = await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  assert.equal(mounted.status, 204)
  const result = await soak(
    {
      address: server.address,
      token: server.token,
      watch: async () => ({
        ...memoryOf(server.child.pid ?? 0),
        heap: heapOf((await server.call('GET', 'sys/metrics?format=prometheus')).text),
      }),
    },
    { seconds: SECONDS, clients: 16 },
  )
  assert.deepEqual(result.errors, [])
  assert.ok(result.requests > SECONDS * 50, `${result.requests} requests are no load`)
  const third = Math.floor(result.samples.length / 3)
  const own = (samples: readonly Sample[]) => median(samples.map((sample) => sample.own))
  const before = own(result.samples.slice(third, 2 * third))
  const after = own(result.samples.slice(2 * third))
  console.log(`# ${result.requests} requests; own memory ${before.toFixed(0)} MiB, then ${after.toFixed(0)} MiB`)
  assert.ok(after - before < GROWTH, `from ${before} to ${after} MiB`)
})

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
