/**
 * Imports point one way (docs/architecture.md). A room may import those to the left of it; rooms of one floor don't import each
 * other: a need across is an interface in `request/`, handed in by `core/compose.ts`.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const FLOORS: readonly (readonly string[])[] = [
  ['lib'],
  ['errors'],
  ['storage'],
  ['request'],
  ['framework', 'config', 'seal', 'policy', 'audit', 'response', 'snapshot', 'approvals'],
  ['auth', 'router', 'leases', 'quotas', 'events', 'engines'],
  ['core'],
  ['listener', 'cluster', 'cli'],
  ['main'],
]
/** An engine sees the framework's door, lib, the errors and the words of `request/`; nothing of the rooms around it. */
const ENGINE_MAY = new Set(['lib', 'errors', 'request', 'framework', 'storage', 'engines'])

const root = join(import.meta.dirname, '..', 'src')
const floorOf = new Map(FLOORS.flatMap((rooms, floor) => rooms.map((room) => [room, floor] as const)))
const problems: string[] = []
let arrows = 0

for (const file of globSync('**/*.ts', { cwd: root })) {
  if (file.endsWith('.test.ts')) continue
  const from = roomOf(file)
  for (const [, specifier = ''] of readFileSync(join(root, file), 'utf8').matchAll(
    /(?:from|import)\s*\(?\s*'([^']+)'/g,
  )) {
    const target = specifier.startsWith('#')
      ? `${specifier.slice(1)}/index.ts`
      : normalize(join(dirname(file), specifier))
    if (!specifier.startsWith('.') && !specifier.startsWith('#')) continue
    // The program's own version stands in package.json.
    if (target === '../package.json') continue
    const to = roomOf(target)
    arrows++
    if (to === from) {
      const [a, b] = [engineOf(file), engineOf(target)]
      if (a !== undefined && b !== undefined && a !== b)
        problems.push(`${file}: the engine ${a} imports the engine ${b}`)
      continue
    }
    const [here, there] = [floorOf.get(from), floorOf.get(to)]
    if (here === undefined || there === undefined)
      problems.push(`${file}: no floor is known for ${here === undefined ? from : to}`)
    else if (there > here) problems.push(`${file}: ${from} imports ${to}, a floor above it`)
    else if (there === here && !(from !== 'engines' && to === 'framework'))
      problems.push(`${file}: ${from} imports ${to}, on its own floor`)
    else if (from === 'engines' && !ENGINE_MAY.has(to)) problems.push(`${file}: an engine imports ${to}`)
  }
}

for (const problem of problems) console.error(problem)
// A scan that finds nothing would agree with everything.
if (arrows < 200) problems.push(`only ${arrows} imports were found`)
console.log(`${arrows} imports, ${problems.length} against the layers`)
process.exit(problems.length === 0 ? 0 : 1)

function roomOf(file: string): string {
  const [room = ''] = file.split('/')
  return room.endsWith('.ts') ? 'main' : room
}

function engineOf(file: string): string | undefined {
  return /^engines\/((?:secrets|auth)\/[^/]+|system)\//.exec(file)?.[1]
}
