/**
 * Coffer beside a reference server (`REFERENCE_BIN`: an OpenBao or Vault binary), in one run on one machine, on like
 * configurations: durable storage, file audit on. Prints figures and ratios; judges nothing.
 *
 *   npm run bench                       Coffer alone
 *   REFERENCE_BIN=/path/to/bao npm run bench
 *   BENCH_SECONDS=5 BENCH_CONNECTIONS=1,32,256 BENCH_TLS=off,on npm run bench
 */
import { spawnSync } from 'node:child_process'
import { drive, scenarios, type Figures } from './load.ts'
import { printTable, type Row } from './report.ts'
import { startCoffer, startReference, type Running } from './servers.ts'

const seconds = Number(process.env['BENCH_SECONDS'] ?? 5)
const connections = (process.env['BENCH_CONNECTIONS'] ?? '1,32,256').split(',').map(Number)
const tlsModes = (process.env['BENCH_TLS'] ?? 'off,on').split(',').map((mode) => mode === 'on')
const only = process.env['BENCH_ONLY']?.split(',')
const reference = process.env['REFERENCE_BIN']

/** Seconds. */
const WARM_UP = 2

if (spawnSync('wrk', ['-v']).error !== undefined) {
  console.error('bench: wrk is not installed (Debian: apt-get install wrk)')
  process.exit(2)
}

for (const tls of tlsModes) {
  const servers: Running[] = [await startCoffer(tls)]
  if (reference !== undefined) servers.push(await startReference(reference, tls))
  try {
    console.log(
      `\nTLS ${tls ? 'on' : 'off'}; file audit on; durable storage; ${seconds} s a figure, after ${WARM_UP} s of warm-up`,
    )
    for (const server of servers)
      console.log(`  ${server.name}: ${server.startMs.toFixed(0)} ms from start to first answer`)
    const rows: Row[] = []
    for (const scenario of scenarios.filter((s) => only === undefined || only.includes(s.name))) {
      // Both are measured warm: a runtime that compiles while it runs is not what a server is for most of its life.
      for (const server of servers) await drive(server, scenario, 32, WARM_UP)
      for (const count of connections) {
        const figures: Figures[] = []
        for (const server of servers) figures.push(await drive(server, scenario, count, seconds))
        const [coffer, other] = figures
        if (coffer !== undefined)
          rows.push({ scenario: scenario.name, tls, connections: count, coffer, reference: other })
        process.stderr.write('.')
      }
    }
    process.stderr.write('\n')
    printTable(rows)
  } finally {
    for (const server of servers) await server.stop()
  }
}
