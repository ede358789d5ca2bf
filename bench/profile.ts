/**
 * What each part of a request costs: runs Coffer under load with V8's sampling profiler on and adds its samples up by room.
 *
 *   bin/node bench/profile.ts [kv-read|kv-write|mixed|lookup-self|token-create|userpass-login|approle-login] [serving threads]
 *
 * Each thread has a table of its own; with none there is the main thread's alone. Of all tables it's µs a request of the whole server.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { drive, scenarios } from './load.ts'
import { startCoffer } from './servers.ts'

const SECONDS = 8
/** µs a request. */
const LEAST = 0.5
const asked = process.argv[2] ?? 'kv-read'
const scenario = scenarios.find((one) => one.name === asked)
if (scenario === undefined) {
  console.error(`profile takes one of ${scenarios.map((one) => one.name).join(', ')}`)
  process.exit(1)
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const threads = Number(process.argv[3] ?? 0)
const server = await startCoffer({ threads, profile: true })
const figures = await drive(server, scenario, 32, SECONDS)
await server.stop({ keepFolder: true })
const requests = figures.perSecond * SECONDS
const files = readdirSync(server.folder).filter((name) => name.endsWith('.cpuprofile'))
if (files.length === 0) throw new Error('the server left no profile')
console.log(`${asked}: ${figures.perSecond.toFixed(0)} requests a second at 32 connections, profiler on`)
for (const file of files.toSorted()) {
  // CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile
  const thread = Number(file.split('.')[4])
  console.log(`\n${thread === 0 ? 'main thread' : `thread ${thread}`}: µs a request, by who was on the processor`)
  const profile: Profile = JSON.parse(readFileSync(join(server.folder, file), 'utf8'))
  report(profile, requests)
}
rmSync(server.folder, { recursive: true })

function report({ nodes, samples, timeDeltas }: Profile, count: number): void {
  const rooms = roomsOf(nodes)
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const room = rooms.get(id) ?? 'other'
    times.set(room, (times.get(room) ?? 0) + (timeDeltas[index] ?? 0))
  }
  for (const [room, time] of [...times].toSorted(([, a], [, b]) => b - a)) {
    // What only started the server is left out, and what is too little to tell from it.
    if (!room.startsWith('start') && time / count >= LEAST)
      console.log(`${(time / count).toFixed(1).padStart(8)}  ${room}`)
  }
}

/** A native function counts for the room that called it, the runtime's own code for the runtime. */
function roomsOf(nodes: readonly ProfileNode[]): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const rooms = new Map<number, string>()
  const root = nodes[0]
  const waiting: (readonly [ProfileNode, string])[] = root === undefined ? [] : [[root, 'other']]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, above] = next
    const room = roomOf(node, above)
    rooms.set(node.id, room)
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child !== undefined) waiting.push([child, room])
    }
  }
  return rooms
}

function roomOf({ callFrame: { functionName, url } }: ProfileNode, above: string): string {
  if (functionName === '(idle)') return 'idle'
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(program)') return 'runtime, native'
  const own = /\/src\/(\w+)\//.exec(url)?.[1]
  if (own !== undefined) return own === 'lib' ? above : own
  const dependency = /\/node_modules\/([^/]+)\//.exec(url)?.[1]
  if (dependency !== undefined) return `${above} (${dependency})`.replace(/ \(([^)]+)\) \(\1\)/, ' ($1)')
  if (/^node:internal\/modules|compile|bootstrap/.test(url)) return 'start'
  if (/^node:(_http|net|internal\/streams|_stream|internal\/stream_base|internal\/http)/.test(url)) return 'node:http'
  return above
}
