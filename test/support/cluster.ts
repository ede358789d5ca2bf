/**
 * Several servers, each a process of its own, on one storage: `await using cluster = await startCluster(3, stanza)`. The first
 * initialised them; all are unsealed with its share.
 */
import { freePort, startServer, type ServerOptions, type TestServer } from './server.ts'
import { until } from './callers.ts'
import { at, textAt } from './json.ts'

export class TestCluster implements AsyncDisposable {
  readonly nodes: readonly TestServer[]

  constructor(nodes: readonly TestServer[]) {
    this.nodes = nodes
  }

  get first(): TestServer {
    const [first] = this.nodes
    if (first === undefined) throw new Error('a cluster has a node')
    return first
  }

  /** Waits until one of the nodes says that it leads. */
  leader(among: readonly TestServer[] = this.nodes): Promise<TestServer> {
    return until('a node that leads', async () => {
      for (const node of among) if ((await healthOf(node)) === 200) return node
      return undefined
    })
  }

  /** Those that do not lead. */
  async others(): Promise<TestServer[]> {
    const leader = await this.leader()
    return this.nodes.filter((node) => node !== leader)
  }

  /** A node whose process ended comes back: started and unsealed. */
  async revive(node: TestServer): Promise<void> {
    await node.restart()
    await node.unseal()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()))
  }
}

/** 200, 429, 503…, or 0 where nothing answers. */
export async function healthOf(node: TestServer): Promise<number> {
  try {
    return (await node.call('GET', 'sys/health', undefined, { token: '', headers: { Connection: 'close' } })).status
  } catch {
    return 0
  }
}

type NodeOptions = Omit<ServerOptions, 'storage' | 'storageStanza' | 'raw'>

/** @param storage the stanza: the same for every node, or each node's own. */
export async function startCluster(
  count: number,
  storage: string | ((node: number) => string),
  options: NodeOptions = {},
): Promise<TestCluster> {
  const cluster = await startNodes(count, storage, options)
  try {
    const { first } = cluster
    await first.initialize()
    for (const node of cluster.nodes) {
      node.keys = first.keys
      node.token = first.token
      await until('the vault is seen', async () =>
        at((await node.call('GET', 'sys/seal-status')).json, 'initialized') === true ? true : undefined,
      )
      await node.unseal()
    }
    await cluster.leader()
    return cluster
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
}

/** The same before there is a vault. */
export async function startNodes(
  count: number,
  storage: string | ((node: number) => string),
  options: NodeOptions = {},
): Promise<TestCluster> {
  const nodes: TestServer[] = []
  const cluster = new TestCluster(nodes)
  try {
    for (let i = 0; i < count; i++) nodes.push(await startNode(i, storage, options))
    return cluster
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
}

/** All in the same moment. */
export async function startNodesAtOnce(
  count: number,
  storage: string,
  options: NodeOptions = {},
): Promise<TestCluster> {
  const started = await Promise.allSettled(Array.from({ length: count }, (_, i) => startNode(i, storage, options)))
  const cluster = new TestCluster(started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
  const failed = started.find((one) => one.status === 'rejected')
  if (failed === undefined) return cluster
  await cluster[Symbol.asyncDispose]()
  throw failed.reason
}

async function startNode(
  node: number,
  storage: string | ((node: number) => string),
  options: NodeOptions,
): Promise<TestServer> {
  const clusterPort = await freePort()
  return startServer({
    ...options,
    storageStanza: typeof storage === 'string' ? storage : storage(node),
    raw: true,
    listener: `cluster_address = "127.0.0.1:${clusterPort}"\n${options.listener ?? ''}`,
  })
}

/** The API address of the leader, as a node knows it. */
export async function leaderAsTold(node: TestServer): Promise<string> {
  return textAt((await node.call('GET', 'sys/leader')).json, 'leader_address')
}
