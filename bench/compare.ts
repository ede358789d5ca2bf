/** Coffer, with each number of serving threads that is asked for, beside the reference on the same kind of storage. */
import { drive, medianOf, requireWrk, type Figures } from './load.ts'
import { printFigures, type Measured } from './report.ts'
import { startCoffer, startReference, type Running } from './servers.ts'
import { benchSettings, type BenchSettings } from './settings.ts'

/** Seconds. */
const WARM_UP = 2

export async function compare(env: NodeJS.ProcessEnv): Promise<void> {
  const settings = benchSettings(env, { seconds: 5 })
  requireWrk()
  for (const tls of settings.tls) {
    const servers: Running[] = []
    try {
      await startAll(servers, settings, tls)
      console.log(`\nTLS ${tls ? 'on' : 'off'}; file audit on; storage ${settings.storage}; ${lengths(settings)}`)
      for (const { name, startMs } of servers)
        console.log(`  ${name}: ${startMs.toFixed(0)} ms from start to first answer`)
      printFigures(await measureAll(servers, settings))
    } finally {
      for (const server of servers) await server.stop()
    }
  }
}

export function lengths({ seconds, rounds }: BenchSettings): string {
  return `${rounds} × ${seconds} s a figure, after ${WARM_UP} s of warm-up`
}

async function startAll(servers: Running[], settings: BenchSettings, tls: boolean): Promise<void> {
  const { threads, storage, reference } = settings
  for (const count of threads) servers.push(await startCoffer({ tls, threads: count, storage }))
  if (reference !== undefined && storage !== 'etcd') servers.push(await startReference(reference, tls, storage))
}

async function measureAll(servers: readonly Running[], settings: BenchSettings): Promise<Measured[]> {
  const { scenarios, connections, rounds, seconds } = settings
  const measured: Measured[] = []
  for (const scenario of scenarios) {
    // All are measured warm: a runtime that compiles while it runs is not what a server is for most of its life.
    for (const server of servers) await drive(server, scenario, 32, WARM_UP)
    for (const count of connections) {
      const runs = await turnByTurn(servers, rounds, (server) => drive(server, scenario, count, seconds))
      measured.push({
        scenario: scenario.name,
        connections: count,
        servers: servers.map(({ name }, i) => figuresOf(name, runs[i] ?? [])),
      })
    }
  }
  process.stderr.write('\n')
  return measured
}

/** A B A B: what disturbs the machine for a while disturbs all of them. The runs of each. */
export async function turnByTurn<T>(
  subjects: readonly T[],
  rounds: number,
  run: (subject: T) => Promise<Figures>,
): Promise<Figures[][]> {
  const runs = subjects.map((): Figures[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, subject] of subjects.entries()) runs[i]?.push(await run(subject))
    process.stderr.write('.')
  }
  return runs
}

export function figuresOf(name: string, runs: readonly Figures[]) {
  return { name, figures: medianOf(runs), rounds: runs.map((run) => run.perSecond) }
}
