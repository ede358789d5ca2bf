import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { until } from '../../test/support/callers.ts'
import { FakeClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/observe/index.ts'
import { plainListener, type WireRequest } from '../request/wire.ts'
import type { Leader } from '../storage/driver.ts'
import { makeClusterCertificate } from './certificate.ts'
import { Forwarder } from './forwarder.ts'
import { encodeIdentity, type NodeIdentity } from './identity.ts'
import { PeerServer } from './peer-server.ts'

const node = (id: string, clusterAddress = ''): NodeIdentity => ({
  id,
  hostname: id,
  apiAddress: `https://${id}`,
  clusterAddress,
  version: '1',
})

const write = (signal: AbortSignal): WireRequest => ({
  method: 'POST',
  target: '/v1/kv/a',
  headers: new Map(),
  remoteAddress: '127.0.0.1',
  remotePort: 1,
  tls: false,
  peerCertificate: undefined,
  listener: plainListener,
  readBody: async () => Buffer.from('{}'),
  openBody: async function* () {},
  signal,
  expired: false,
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('it has no port')
  return address.port
}

/** A follower, and a leader that nobody knows yet. */
async function pair() {
  const clock = new FakeClock()
  const certificate = await makeClusterCertificate(clock.now())
  const port = await freePort()
  const carriedOut: string[] = []
  const server = await PeerServer.listen({ host: '127.0.0.1', port }, certificate, {
    log: silentLogger,
    leads: () => true,
    sequence: () => 7,
    handler: async ({ target }) => {
      carriedOut.push(target)
      return { status: 204, headers: [], body: undefined }
    },
    handOut: () => new Map(),
    heard: () => undefined,
  })
  let leader: Leader | undefined
  let looked = Promise.withResolvers<void>()
  const forwarder = new Forwarder({
    clock,
    log: silentLogger,
    election: {
      campaign: () => new Promise(() => undefined),
      leader: async () => {
        looked.resolve()
        return leader
      },
    },
    self: node('follower'),
    certificate: async () => certificate,
    sequenceSeen: () => undefined,
  })
  return {
    clock,
    forwarder,
    carriedOut,
    lead: () => void (leader = { term: 1, identity: encodeIdentity(node('leader', `https://127.0.0.1:${port}`)) }),
    /** Resolves when the follower asks once more who leads. */
    asked: async () => {
      await until('it waits', () => (clock.pending > 0 ? true : undefined))
      looked = Promise.withResolvers<void>()
      await clock.advance(1_000)
      await looked.promise
    },
    [Symbol.dispose]: () => {
      forwarder.close()
      server.close()
    },
  }
}

test('a request waits for a leader, and is carried out once there is one', async () => {
  using nodes = await pair()
  const reply = nodes.forwarder.forward(write(new AbortController().signal), false)
  await nodes.asked()
  nodes.lead()
  await nodes.asked()
  assert.equal((await reply).status, 204)
  assert.deepEqual(nodes.carriedOut, ['/v1/kv/a'])
})

test('what its client gave up while nobody led is not carried out by the next leader, after what he did meanwhile', async () => {
  using nodes = await pair()
  const client = new AbortController()
  const given = nodes.forwarder.forward(write(client.signal), false)
  const refused = assert.rejects(given, { code: 'REQUEST_ABORTED' })
  await nodes.asked()
  client.abort()
  nodes.lead()
  await refused
  const late = nodes.forwarder.forward(write(AbortSignal.abort()), false)
  await assert.rejects(late, { code: 'REQUEST_ABORTED' })
  assert.deepEqual(nodes.carriedOut, [])
})
