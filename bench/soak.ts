/** Ten minutes of everything at once, with the serving threads: prints a line a minute, a graph, and whether memory reached a plateau. */
import { soak as run, heapOf, type Sample } from '../test/support/soak.ts'
import { call } from './call.ts'
import { median } from './load.ts'
import { memoryOf } from '../test/support/memory.ts'
import { printTable } from './report.ts'
import { startCoffer } from './servers.ts'
import { benchSettings } from './settings.ts'

const CLIENTS = 24
/** Of the graph. */
const COLUMNS = 60
const LINES = 10

export async function soak(env: NodeJS.ProcessEnv): Promise<void> {
  const { threads, storage } = benchSettings(env, { seconds: 0 })
  const minutes = Number(env['BENCH_MINUTES'] ?? 10)
  for (const count of threads) {
    const server = await startCoffer({ threads: count, storage })
    try {
      const { address, token, pid, name } = server
      const watch = async () => ({
        ...memoryOf(pid),
        heap: heapOf(await call(address, 'GET', '/v1/sys/metrics?format=prometheus', undefined, token)),
      })
      console.log(`\n${name}, storage ${storage}: ${minutes} min of ${CLIENTS} clients; file audit on`)
      const result = await run(
        { address, token, watch },
        { seconds: minutes * 60, clients: CLIENTS, sampled: ({ at }) => void (Math.floor(at) % 60 === 0 && tick()) },
      )
      process.stderr.write('\n')
      printMinutes(result.samples)
      printGraph(result.samples)
      printPlateau(result.samples, minutes)
      console.log(`${result.requests} requests, ${result.samples.reduce((sum, { errors }) => sum + errors, 0)} errors`)
      for (const error of result.errors) console.log(`  ${error}`)
    } finally {
      await server.stop()
    }
  }
}

function tick(): void {
  process.stderr.write('.')
}

function printMinutes(samples: readonly Sample[]): void {
  const minutes = Map.groupBy(samples, ({ at }) => Math.floor(at / 60))
  printTable(
    ['minute', 'req/s', 'errors', 'RSS MiB', 'own MiB', 'heap MiB'],
    [...minutes].map(([minute, of]) => [
      String(minute + 1),
      median(of.map(({ requests }) => requests)).toFixed(0),
      String(of.reduce((sum, { errors }) => sum + errors, 0)),
      median(of.map(({ resident }) => resident)).toFixed(0),
      median(of.map(({ own }) => own)).toFixed(0),
      median(of.map(({ heap }) => heap)).toFixed(0),
    ]),
  )
}

/** Resident memory over time. */
function printGraph(samples: readonly Sample[]): void {
  const columns = Array.from({ length: COLUMNS }, (_, i) => {
    const from = Math.floor((i * samples.length) / COLUMNS)
    const to = Math.max(from + 1, Math.floor(((i + 1) * samples.length) / COLUMNS))
    return median(samples.slice(from, to).map(({ resident }) => resident))
  })
  const top = Math.max(...columns)
  console.log(`\nRSS, up to ${top.toFixed(0)} MiB`)
  for (let line = LINES; line > 0; line--) {
    const bar = columns.map((value) => (value / top > (line - 0.5) / LINES ? '#' : ' ')).join('')
    console.log(`${((top * line) / LINES).toFixed(0).padStart(6)} |${bar}`)
  }
  console.log(`       +${'-'.repeat(COLUMNS)}`)
}

/** Minutes 3 and 4 beside the last two; of a shorter soak, the parts that lie alike. */
function printPlateau(samples: readonly Sample[], minutes: number): void {
  const between = (from: number, to: number) =>
    samples.filter(({ at }) => at >= (from * minutes * 60) / 10 && at < (to * minutes * 60) / 10)
  const early = between(2, 4)
  const late = between(8, 10)
  for (const what of ['resident', 'own', 'heap'] as const) {
    const [before, after] = [early, late].map((part) => median(part.map((sample) => sample[what])))
    console.log(
      `${what.padEnd(8)} ${before?.toFixed(0)} MiB after a fifth of the time, ${after?.toFixed(0)} at the end`,
    )
  }
}
