/**
 * Three servers on one storage, under load, while their nodes and the storage are killed, stopped and cut off. Three rounds
 * each in `npm test`; `COFFER_CHAOS_ROUNDS=20` for as many as one likes.
 */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { until } from '../support/callers.ts'
import { ClusterModel } from '../support/cluster-model.ts'
import { healthOf, startCluster, type TestCluster } from '../support/cluster.ts'
import { CuttableLink } from '../support/cuttable-link.ts'
import { noEtcd, TestEtcd } from '../support/etcd.ts'
import { clusterStanza, startPostgres, withoutPostgres } from '../support/postgres.ts'
import type { TestServer } from '../support/server.ts'

const ROUNDS = Number(process.env['COFFER_CHAOS_ROUNDS'] ?? 3)
const CLIENTS = 6

interface SharedStorage extends AsyncDisposable {
  readonly port: number
  stanza(port: number): string
  /** Ends it as a crash does, and starts it again. */
  restart(): Promise<void>
}

type Fault = (cluster: TestCluster, links: readonly CuttableLink[], storage: SharedStorage) => Promise<number>

/** Ms from the fault until another node leads. */
async function succession(cluster: TestCluster, old: TestServer, fault: () => Promise<void> | void): Promise<number> {
  const rest = cluster.nodes.filter((node) => node !== old)
  const began = performance.now()
  await fault()
  await cluster.leader(rest)
  return performance.now() - began
}

const kill: Fault = async (cluster) => {
  const leader = await cluster.leader()
  const took = await succession(cluster, leader, async () => void (await leader.kill('SIGKILL')))
  await cluster.revive(leader)
  return took
}

/** For longer than its lease: others lead when it wakes, and it does not know. */
const stop: Fault = async (cluster) => {
  const leader = await cluster.leader()
  const took = await succession(cluster, leader, () => void leader.child.kill('SIGSTOP'))
  leader.child.kill('SIGCONT')
  return took
}

const cut =
  (how: 'silence' | 'refuse'): Fault =>
  async (cluster, links) => {
    const leader = await cluster.leader()
    const link = links[cluster.nodes.indexOf(leader)]
    assert.ok(link !== undefined)
    const took = await succession(cluster, leader, () => link[how]())
    // It answers no more as the leader, though it cannot be told that another is.
    assert.notEqual(await healthOf(leader), 200)
    link.mend()
    return took
  }

const restartStorage: Fault = async (cluster, _links, storage) => {
  const began = performance.now()
  await storage.restart()
  await cluster.leader()
  return performance.now() - began
}

const FAULTS: readonly (readonly [string, Fault])[] = [
  ['the leader is killed', kill],
  ['the leader is stopped for longer than its lease, and wakes', stop],
  ['the leader is cut off from the storage, and nobody says so', cut('silence')],
  ['the storage crashes and is started again', restartStorage],
  ['the leader is refused by the storage', cut('refuse')],
]

async function rounds(t: TestContext, storage: SharedStorage, limit: number): Promise<void> {
  const links = [
    await CuttableLink.to(storage.port),
    await CuttableLink.to(storage.port),
    await CuttableLink.to(storage.port),
  ]
  await using _links = {
    [Symbol.asyncDispose]: async () => void (await Promise.all(links.map((one) => one[Symbol.asyncDispose]()))),
  }
  await using cluster = await startCluster(3, (node) => storage.stanza(links[node]?.port ?? 0), {
    config: 'serving_threads = 1',
  })
  const model = new ClusterModel(cluster.nodes, cluster.first.token)
  await model.prepare(await cluster.leader())
  model.start(CLIENTS)
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const [name, fault] = FAULTS[round % FAULTS.length] ?? ['', kill]
      const took = await fault(cluster, links, storage)
      t.diagnostic(`${name}: ${(took / 1000).toFixed(1)} s until a node led`)
      assert.ok(took < limit, `${name}: it took ${took} ms until a node led`)
      await served(cluster)
      // Between two faults the clients get something done that the next one can spoil.
      const { acknowledged: before } = model.tally
      await until('the clients got on', () => (model.tally.acknowledged - before > 200 ? true : undefined))
    }
    await model.stop()
    await model.check()
  } catch (error) {
    for (const node of cluster.nodes) t.diagnostic(`${node.address}\n${node.output.slice(-3000)}`)
    throw error
  } finally {
    await model.stop()
  }
  const { acknowledged, refused, unknown, reads, late } = model.tally
  t.diagnostic(
    `${acknowledged} answers, ${refused} refusals, ${unknown} without an answer, ${reads} reads compared, ${late} of them of a write that was given up and done late`,
  )
  assert.ok(acknowledged > 200 * ROUNDS && reads > 50 * ROUNDS, 'the clients got hardly anything done')
}

/** Every node takes a write, by itself or by the leader. */
async function served(cluster: TestCluster): Promise<void> {
  for (const node of cluster.nodes) {
    let last = ''
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await node.call('POST', 'secret/data/served', { data: { at: node.address } }, { timeout: 5_000 })
        if (answer.status === 200) break
        last = `${answer.status} ${answer.text}`
      } catch (error) {
        last = String(error)
      }
      assert.ok(attempt < 150, `${node.address} takes no writes: ${last}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

describe('three nodes under fire keep every promise', { concurrency: false }, () => {
  test('on PostgreSQL', { skip: withoutPostgres() }, async (t) => {
    await using postgres = await startPostgres()
    const storage: SharedStorage = {
      port: postgres.port,
      stanza: (port) => {
        const url = postgres.url().replace(`:${postgres.port}/`, `:${port}/`)
        return clusterStanza(url)
      },
      restart: async () => {
        await postgres.stop('SIGKILL')
        await postgres.start()
      },
      [Symbol.asyncDispose]: async () => undefined,
    }
    await rounds(t, storage, 15_000)
  })

  test('on etcd', { skip: noEtcd }, async (t) => {
    await using etcd = await TestEtcd.start()
    const storage: SharedStorage = {
      port: Number(new URL(etcd.address).port),
      stanza: (port) => `storage "etcd" { address = "http://127.0.0.1:${port}" ha_enabled = "true" }`,
      restart: async () => {
        await etcd.kill()
        await etcd.start()
      },
      [Symbol.asyncDispose]: async () => undefined,
    }
    await rounds(t, storage, 10_000)
  })
})
