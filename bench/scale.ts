/** Very many of everything: how long unsealing takes, what it costs in memory, whether requests notice. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LeaseCount } from '../test/support/due.ts'
import { FilledVault } from '../test/support/filled-vault.ts'
import { textAt } from '../test/support/json.ts'
import { memoryOf } from '../test/support/memory.ts'
import { startServer, type TestServer } from '../test/support/server.ts'
import { unsealMeasured, type Unsealing } from '../test/support/unsealing.ts'
import { drive, requireWrk, type Figures } from './load.ts'

const SECRET = { username: 'app', password: 'x'.repeat(200), host: 'db.internal' }
const HOUR = 3_600
/** How long the expiry is watched, ms. */
const WATCHED = 60_000

export async function scale(env: NodeJS.ProcessEnv): Promise<void> {
  requireWrk()
  const count = Number(env['BENCH_COUNT'] ?? 1_000_000)
  const seconds = Number(env['BENCH_SECONDS'] ?? 5)
  const empty = await secrets(count, seconds)
  await leases(count, seconds, empty)
}

async function secrets(count: number, seconds: number): Promise<Unsealing> {
  console.log(`\n${count} secrets (KV version 2, 200 bytes and some, a thousand in a folder)`)
  await using server = await startServer({ audit: true })
  const mounted = await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  if (mounted.status !== 204) throw new Error(`mount: ${mounted.text}`)
  const mount = textAt((await server.call('GET', 'sys/mounts/secret')).json, 'data', 'uuid')
  const byApi = await load(server, seconds, 'POST', `"/v1/secret/data/api/" .. n`, { data: SECRET })
  say('through the API, 32 connections', `${byApi.perSecond.toFixed(0)} a second; not how they are made here`)
  await server.kill('SIGTERM')
  const empty = await unsealMeasured(server)
  sayUnsealing('unsealing with a few', empty)
  await server.kill('SIGTERM')
  await filled(server, (vault) => vault.addSecrets({ count, mount, data: SECRET }))
  sayUnsealing('unsealing', await unsealMeasured(server), empty)
  const anyPath = `"/v1/secret/data/many/" .. math.floor(n * 7919 % ${count} / 1000) .. "/" .. n * 7919 % ${count} % 1000`
  sayFigures('reading any of them, 32 connections', await load(server, seconds, 'GET', anyPath))
  sayFigures('reading any of them, 1 connection', await load(server, seconds, 'GET', anyPath, undefined, 1))
  sayFigures(
    'listing a folder of 1000, 1 connection',
    await load(server, seconds, 'GET', '"/v1/secret/metadata/many/0/?list=true"', undefined, 1),
  )
  sayFigures(
    `listing ${Math.ceil(count / 1000)} folders, 1 connection`,
    await load(server, seconds, 'GET', '"/v1/secret/metadata/many/?list=true"', undefined, 1),
  )
  sayMemory('memory afterwards', server)
  return empty
}

async function leases(count: number, seconds: number, empty: Unsealing): Promise<void> {
  console.log(`\n${count} leases (of tokens, children of the root token)`)
  await using server = await startServer({ audit: true })
  await server.kill('SIGTERM')
  await filled(server, (vault) => vault.addTokens({ count, parent: server.token, ttl: 720 * HOUR }))
  sayUnsealing('unsealing', await unsealMeasured(server), empty)
  sayFigures('making one more, 32 connections', await makeTokens(server, seconds))
  const began = performance.now()
  const all = await server.call('LIST', 'auth/token/accessors')
  say('listing all accessors', `${(performance.now() - began).toFixed(0)} ms, ${mib(all.text.length)} MiB of JSON`)
  sayMemory('memory afterwards', server)
  await server.kill('SIGTERM')
  await expiry(server, Math.ceil(count / 4), empty)
}

/** What ran out while the server was down. */
async function expiry(server: TestServer, due: number, empty: Unsealing): Promise<void> {
  const madeAt = Date.now() - 2 * HOUR * 1000
  await filled(server, (vault) => vault.addTokens({ count: due, parent: server.token, ttl: HOUR, madeAt }))
  await using places = new LeaseCount(server)
  const first = places.now()
  const began = performance.now()
  sayUnsealing(`unsealing with ${due} of them overdue`, await unsealMeasured(server), empty)
  let gone = 0
  let slowest = 0
  while (performance.now() - began < WATCHED && gone < due) {
    const asked = performance.now()
    const answer = await server.call('GET', 'auth/token/lookup-self')
    if (answer.status !== 200) throw new Error(`a request during the expiry: ${answer.status}`)
    slowest = Math.max(slowest, performance.now() - asked)
    await wait(50)
    gone = first - places.now()
  }
  const passed = (performance.now() - began) / 1000
  say('revoked', `${gone} in ${passed.toFixed(0)} s: ${(gone / passed).toFixed(0)} a second`)
  say('slowest request meanwhile', `${slowest.toFixed(0)} ms`)
  sayMemory('memory meanwhile', server)
}

async function filled(server: TestServer, fill: (vault: FilledVault) => Promise<void>): Promise<void> {
  const began = performance.now()
  {
    await using vault = await FilledVault.open(join(server.folder, 'data'), server.keys[0] ?? '')
    await fill(vault)
  }
  const size = statSync(join(server.folder, 'data', 'data.mdb')).size
  const passed = ((performance.now() - began) / 1000).toFixed(0)
  say('made through the storage layer', `${passed} s; data.mdb has ${mib(size)} MiB`)
}

/** `path` is Lua in which `n` counts. */
function load(
  server: TestServer,
  seconds: number,
  method: string,
  path: string,
  body?: object,
  connections = 32,
): Promise<Figures> {
  const text = body === undefined ? 'nil' : `[[${JSON.stringify(body)}]]`
  const lua = `wrk.headers["X-Vault-Token"] = "$TOKEN"
local n = 0
request = function() n = n + 1 return wrk.format("${method}", ${path}, nil, ${text}) end
`
  const { address, token, folder, child } = server
  return drive(
    { address, token, signature: '', folder, pid: child.pid ?? 0 },
    { name: 'scale', lua },
    connections,
    seconds,
  )
}

function makeTokens(server: TestServer, seconds: number): Promise<Figures> {
  return load(server, seconds, 'POST', '"/v1/auth/token/create"', { policies: ['default'], ttl: '1h' })
}

function sayUnsealing(what: string, { milliseconds, memory }: Unsealing, empty?: Unsealing): void {
  const more =
    empty === undefined ? '' : `, ${signed(memory.resident - empty.memory.resident)} to a vault with little in it`
  say(
    what,
    `${milliseconds.toFixed(0)} ms; RSS ${memory.resident.toFixed(0)} MiB${more}; own ${memory.own.toFixed(0)} MiB`,
  )
}

function sayFigures(what: string, { perSecond, p50, p99, errors }: Figures): void {
  const failures = errors === 0 ? '' : `, ${errors} ERRORS`
  say(what, `${perSecond.toFixed(0)} a second, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms${failures}`)
}

function sayMemory(what: string, server: TestServer): void {
  const { resident, own } = memoryOf(server.child.pid ?? 0)
  say(what, `RSS ${resident.toFixed(0)} MiB, of which own ${own.toFixed(0)} MiB; the rest are pages of files`)
}

function say(what: string, text: string): void {
  console.log(`  ${what.padEnd(42)}${text}`)
}

function signed(amount: number): string {
  return `${amount < 0 ? '' : '+'}${amount.toFixed(0)}`
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}
