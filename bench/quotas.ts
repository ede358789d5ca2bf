/**
 * What quotas cost: one server, turn by turn without any, with one, with a hundred, and with one that refuses nearly everything. Of lease
 * counts: tokens made without and with one.
 */
import { call } from './call.ts'
import { benchSettings } from './settings.ts'
import { drive, medianOf, requireWrk, scenarios, type Figures, type Scenario } from './load.ts'
import { startCoffer, type Running } from './servers.ts'

interface Case {
  readonly name: string
  readonly scenario: string
  /** Requests that put the server in this state; the next case begins without any quota. */
  readonly quotas: readonly (readonly [path: string, body: object])[]
}

const LIMIT = { rate: 1e9 }
const hundred = Array.from(
  { length: 100 },
  (_, i) => [`rate-limit/p${i}`, { ...LIMIT, path: `secret/data/other/${i}*` }] as const,
)

const cases: readonly Case[] = [
  { name: 'no quota', scenario: 'kv-read', quotas: [] },
  { name: 'one for everything', scenario: 'kv-read', quotas: [['rate-limit/all', LIMIT]] },
  { name: 'a hundred more for paths', scenario: 'kv-read', quotas: [['rate-limit/all', LIMIT], ...hundred] },
  {
    name: 'one by entities',
    scenario: 'kv-read',
    quotas: [['rate-limit/all', { ...LIMIT, group_by: 'entity_then_ip', secondary_rate: 1e9 }]],
  },
  { name: 'refused', scenario: 'kv-read', quotas: [['rate-limit/kv', { rate: 1, interval: 86_400, path: 'secret' }]] },
  { name: 'no quota', scenario: 'token-create', quotas: [] },
  { name: 'a lease count', scenario: 'token-create', quotas: [['lease-count/all', { max_leases: 1e9 }]] },
]

export async function quotas(env: NodeJS.ProcessEnv): Promise<void> {
  requireWrk()
  const { seconds, rounds, connections, threads } = benchSettings(env, { seconds: 4 })
  const [count = 32] = env['BENCH_CONNECTIONS'] === undefined ? [32] : connections
  const server = await startCoffer({ threads: threads[0] })
  try {
    const taken = new Map<Case, Figures[]>(cases.map((one) => [one, []]))
    await drive(server, scenarioOf('kv-read'), count, 2)
    for (let round = 0; round < rounds; round++)
      for (const one of cases) taken.get(one)?.push(await measure(server, one, count, seconds))
    for (const [{ name, scenario }, figures] of taken) {
      const { perSecond, p50, p99, cpu } = medianOf(figures)
      const columns = [perSecond.toFixed(0), p50.toFixed(2), p99.toFixed(2), cpu.toFixed(1)].map((text) =>
        text.padStart(9),
      )
      console.log(`${scenario.padEnd(14)} ${name.padEnd(26)}${columns.join('')}`)
    }
  } finally {
    await server.stop()
  }
}

async function measure(server: Running, { scenario, quotas: made }: Case, connections: number, seconds: number) {
  for (const [path, body] of made) await call(server.address, 'POST', `/v1/sys/quotas/${path}`, body, server.token)
  const figures = await drive(server, scenarioOf(scenario), connections, seconds)
  for (const [path] of made) await call(server.address, 'DELETE', `/v1/sys/quotas/${path}`, undefined, server.token)
  return figures
}

function scenarioOf(name: string): Scenario {
  const found = scenarios.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no scenario ${name}`)
  return found
}
