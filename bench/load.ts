/** One scenario driven by wrk against one server. */
import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { memoryOf, processorTimeOf } from '../test/support/memory.ts'
import { login } from './log-in.ts'
import type { Running } from './servers.ts'

const run = promisify(execFile)
let scripts = 0

export interface Scenario {
  readonly name: string
  /** Lua that sets `wrk` up; `$TOKEN` is replaced. */
  readonly lua: string
}

const HEADERS = 'wrk.headers["X-Vault-Token"] = "$TOKEN"\nwrk.headers["Content-Type"] = "application/json"\n'
const LOGIN = 'wrk.headers["Content-Type"] = "application/json"\nwrk.method = "POST"\n'
const BODY = JSON.stringify({ data: { username: 'app', password: 'x'.repeat(200), host: 'db.internal' } })

export const scenarios: readonly Scenario[] = [
  { name: 'kv-read', lua: `${HEADERS}wrk.path = "/v1/secret/data/bench/0"\n` },
  {
    name: 'kv-write',
    // A thousand keys, so that writers meet now and then but do not queue for one.
    lua: `${HEADERS}wrk.method = "POST"\nwrk.body = [[${BODY}]]\nlocal n = 0\nrequest = function() n = (n + 7) % 1000 return wrk.format(nil, "/v1/secret/data/bench/w" .. n) end\n`,
  },
  {
    name: 'mixed',
    // Four reads for each write.
    lua: `${HEADERS}local n = 0\nrequest = function()\n  n = n + 1\n  if n % 5 == 0 then return wrk.format("POST", "/v1/secret/data/bench/w" .. n % 1000, nil, [[${BODY}]]) end\n  return wrk.format("GET", "/v1/secret/data/bench/0")\nend\n`,
  },
  { name: 'lookup-self', lua: `${HEADERS}wrk.path = "/v1/auth/token/lookup-self"\n` },
  {
    name: 'token-create',
    lua: `${HEADERS}wrk.method = "POST"\nwrk.path = "/v1/auth/token/create"\nwrk.body = [[{"policies":["default"],"ttl":"1h"}]]\n`,
  },
  {
    name: 'userpass-login',
    lua: `${LOGIN}wrk.path = "/v1/auth/userpass/login/bench"\nwrk.body = [[${JSON.stringify({ password: login.password })}]]\n`,
  },
  {
    name: 'approle-login',
    lua: `${LOGIN}wrk.path = "/v1/auth/approle/login"\nwrk.body = [[${JSON.stringify({ role_id: login.roleId, secret_id: login.secretId })}]]\n`,
  },
]

export interface Figures {
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly errors: number
  /** Resident memory after the load, MiB. */
  readonly rss: number
  /** Processor time of the server for each request, µs: of all figures the one that other work on the machine disturbs least. */
  readonly cpu: number
}

/** Ends the bench where there is none. */
export function requireWrk(): void {
  if (spawnSync('wrk', ['-v']).error === undefined) return
  console.error('bench: wrk is not installed (Debian: apt-get install wrk)')
  process.exit(2)
}

export async function drive(
  server: Pick<Running, 'address' | 'token' | 'folder' | 'pid'>,
  scenario: Scenario,
  connections: number,
  seconds: number,
): Promise<Figures> {
  const script = join(server.folder, `${scenario.name}-${++scripts}.lua`)
  writeFileSync(script, scenario.lua.replaceAll('$TOKEN', server.token))
  const args = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', '-s', script, server.address]
  const before = processorTimeOf(server.pid)
  const { stdout } = await run('wrk', args)
  const used = processorTimeOf(server.pid) - before
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0),
    cpu: (used * 1e6) / Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0),
    p50: milliseconds(/^\s+50%\s+(\S+)/m.exec(stdout)?.[1]),
    p99: milliseconds(/^\s+99%\s+(\S+)/m.exec(stdout)?.[1]),
    errors: Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0) + socketErrors(stdout),
    rss: memoryOf(server.pid).resident,
  }
}

/** Of several runs, each figure's median; errors are added up. */
export function medianOf(runs: readonly Figures[]): Figures {
  const of = (figure: (run: Figures) => number) => median(runs.map(figure))
  return {
    perSecond: of((run) => run.perSecond),
    p50: of((run) => run.p50),
    p99: of((run) => run.p99),
    errors: runs.reduce((sum, run) => sum + run.errors, 0),
    rss: of((run) => run.rss),
    cpu: of((run) => run.cpu),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function milliseconds(text: string | undefined): number {
  const match = /^([\d.]+)(us|ms|s)$/.exec(text ?? '')
  if (match === null) return Number.NaN
  return Number(match[1]) * (match[2] === 'us' ? 0.001 : match[2] === 's' ? 1000 : 1)
}

function socketErrors(stdout: string): number {
  const counts = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? []
  return counts.reduce((sum, count) => sum + Number(count), 0)
}
