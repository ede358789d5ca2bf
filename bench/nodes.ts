/**
 * Three nodes of one vault: reads shared out over all of them, and writes that come to a node that does not lead. Everything runs on
 * this one machine, so it shows what a hop costs, not what more machines bring.
 */
import { figuresOf, lengths, turnByTurn } from './compare.ts'
import { drive, requireWrk, scenarios, type Figures, type Scenario } from './load.ts'
import { printFigures, type Measured } from './report.ts'
import { cofferName, startCofferNodes, startReferenceNodes, type Running } from './servers.ts'
import { benchSettings } from './settings.ts'

const COUNT = 3
/** Seconds. */
const WARM_UP = 2

interface Group {
  readonly name: string
  readonly nodes: readonly Running[]
}

interface Way {
  readonly name: string
  readonly scenario: string
  /** Which of the nodes are asked; the first one leads. */
  of(nodes: readonly Running[]): readonly Running[]
}

const WAYS: readonly Way[] = [
  { name: 'reads of all', scenario: 'kv-read', of: (nodes) => nodes },
  { name: 'reads of the leader', scenario: 'kv-read', of: (nodes) => nodes.slice(0, 1) },
  { name: 'writes by a standby', scenario: 'kv-write', of: (nodes) => nodes.slice(1, 2) },
  { name: 'writes by the leader', scenario: 'kv-write', of: (nodes) => nodes.slice(0, 1) },
]

export async function nodes(env: NodeJS.ProcessEnv): Promise<void> {
  const settings = benchSettings({ BENCH_CONNECTIONS: '30', ...env }, { seconds: 5 })
  requireWrk()
  const kinds = (['postgresql', 'etcd'] as const).filter(
    (kind) => env['BENCH_STORAGE'] === undefined || env['BENCH_STORAGE'] === kind,
  )
  for (const kind of kinds) {
    const groups: Group[] = []
    try {
      for (const threads of settings.threads) {
        groups.push({ name: cofferName(threads), nodes: await startCofferNodes(COUNT, kind, threads) })
      }
      if (settings.reference !== undefined)
        groups.push({ name: 'reference, raft', nodes: await startReferenceNodes(settings.reference, COUNT) })
      console.log(`\n${COUNT} nodes on ${kind}; file audit on; ${lengths(settings)}`)
      const measured: Measured[] = []
      for (const connections of settings.connections)
        for (const way of WAYS) measured.push(await measure(way, groups, connections, settings))
      process.stderr.write('\n')
      printFigures(measured)
    } finally {
      // The first node's end is the storage's, too.
      for (const group of groups) for (const node of group.nodes.toReversed()) await node.stop()
    }
  }
}

async function measure(
  way: Way,
  groups: readonly Group[],
  connections: number,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Measured> {
  const scenario = scenarios.find(({ name }) => name === way.scenario)
  if (scenario === undefined) throw new Error(`there is no scenario ${way.scenario}`)
  for (const group of groups) await driveAll(way.of(group.nodes), scenario, connections, WARM_UP)
  const runs = await turnByTurn(groups, rounds, (group) =>
    driveAll(way.of(group.nodes), scenario, connections, seconds),
  )
  return {
    scenario: way.name,
    connections,
    servers: groups.map(({ name }, i) => figuresOf(name, runs[i] ?? [])),
  }
}

/** All at once, each with its share of the connections: the sum of what they do, the worst of how long it takes. */
async function driveAll(
  asked: readonly Running[],
  scenario: Scenario,
  connections: number,
  seconds: number,
): Promise<Figures> {
  const share = Math.max(1, Math.round(connections / asked.length))
  const all = await Promise.all(asked.map((node) => drive(node, scenario, share, seconds)))
  const sum = (figure: (one: Figures) => number) => all.reduce((total, one) => total + figure(one), 0)
  return {
    perSecond: sum((one) => one.perSecond),
    p50: Math.max(...all.map((one) => one.p50)),
    p99: Math.max(...all.map((one) => one.p99)),
    errors: sum((one) => one.errors),
    rss: sum((one) => one.rss),
    cpu: sum((one) => one.cpu * one.perSecond) / sum((one) => one.perSecond),
  }
}
