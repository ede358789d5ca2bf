/**
 * Which operations of the reference a server with every mount type serves, by its own OpenAPI document, and with which fields. What it
 * does not stands in `left-out.txt` with its reason; that list is held to be exact in both directions.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'
import { covers, knownOperations, leftOut, type Known } from './known.ts'
import { operationsOf, type Operation } from './operations.ts'

/** Of these groups at least so much is served. */
const SHARE = 0.95
const HELD = [
  'sys', 'kv-v1', 'kv-v2', 'cubbyhole', 'identity', 'auth/token', 'transit', 'database', 'totp', 'auth/approle', 'auth/userpass',
] // prettier-ignore
/** Every server has one of each. */
const FIXED = new Set(['sys', 'cubbyhole', 'identity', 'auth/token'])
const NOT_COUNTED = ', not counted'

test('the operations of the reference are served, but for those that are left out for a reason', async (t) => {
  const known = knownOperations()
  const entries = leftOut().map((entry) => ({ ...entry, used: false }))
  await using server = await startServer({
    storage: 'inmem',
    config: 'raw_storage_endpoint = true\nintrospection_endpoint = true',
  })
  for (const group of new Set(known.map((row) => row.group))) await mountAt(server, group)
  const served = await servedBy(server)

  const faults: string[] = []
  /** Whether an entry says so; it is held to be used. */
  const isLeftOut = (row: Known, field?: string): boolean => {
    const found = entries.filter(
      (entry) => groupOf(entry.group) === row.group && entry.field === field && covers(entry, row),
    )
    for (const entry of found) entry.used = true
    return found.length > 0
  }
  for (const row of known) {
    const operation = served.get(keyOf(row))
    if (operation === undefined) {
      if (!isLeftOut(row)) faults.push(`${nameOf(row)} is not served, and nothing says why`)
      continue
    }
    for (const field of row.fields)
      if (!operation.fields.includes(field) && !isLeftOut(row, field))
        faults.push(`${nameOf(row)} does not take "${field}", and nothing says why`)
  }
  for (const entry of entries) {
    const where = `left-out.txt [${entry.group}] ${entry.what} ${entry.field ?? ''}`
    if (entry.reason === '') faults.push(`${where}: without a reason`)
    if (!entry.used) faults.push(`${where}: nothing of it is left out any more`)
    for (const row of known) {
      if (entry.field !== undefined || groupOf(entry.group) !== row.group || !covers(entry, row)) continue
      if (served.has(keyOf(row))) faults.push(`${where}: ${nameOf(row)} has become served`)
    }
  }

  const uncounted = entries.filter(({ group }) => group.endsWith(NOT_COUNTED))
  const counted = known.filter(
    (row) => !uncounted.some((entry) => groupOf(entry.group) === row.group && covers(entry, row)),
  )
  const table = [...Map.groupBy(counted, ({ group }) => group)].map(([group, rows]) => {
    const there = rows.filter((row) => served.has(keyOf(row)))
    return { group, rows, there, share: there.length / rows.length }
  })
  t.diagnostic(`${'mount type'.padEnd(18)} served  of   fields  of`)
  for (const { group, rows, there } of table) t.diagnostic(`${group.padEnd(18)} ${line(rows, there, served)}`)
  for (const { group, share } of table)
    if (HELD.includes(group) && share < SHARE) faults.push(`${group}: only ${(share * 100).toFixed(1)} % is served`)
  assert.deepEqual(faults, [])
})

function line(rows: readonly Known[], there: readonly Known[], served: ReadonlyMap<string, Operation>): string {
  const asked = there.flatMap((row) => row.fields.map((field) => ({ row, field })))
  const taken = asked.filter(({ row, field }) => served.get(keyOf(row))?.fields.includes(field) === true)
  return [there.length, rows.length, taken.length, asked.length].map((n) => String(n).padStart(5)).join(' ')
}

async function mountAt(server: TestServer, group: string): Promise<void> {
  if (FIXED.has(group)) return
  const [kind = '', method] = group.split('/')
  const [path, type] = method === undefined ? [`mounts/${group}`, kind] : [`auth/${method}`, method]
  const answer = await server.call('POST', `sys/${path}`, { type })
  // A type that is not known is told of by what is not served then.
  assert.ok(answer.status === 204 || answer.status === 400, answer.text)
}

async function servedBy(server: TestServer): Promise<ReadonlyMap<string, Operation>> {
  const answer = await server.call('GET', 'sys/internal/specs/openapi')
  assert.equal(answer.status, 200, answer.text)
  return new Map(operationsOf(answer.json).map((operation) => [keyOf({ group: '', ...operation }), operation]))
}

function groupOf(heading: string): string {
  return heading.endsWith(NOT_COUNTED) ? heading.slice(0, -NOT_COUNTED.length) : heading
}

/** What a parameter is called is nothing that a client sends. */
function keyOf({ group, method, path }: Pick<Known, 'group' | 'method' | 'path'>): string {
  const full = group === '' ? path : `/${group}${path}`
  return `${method} ${full.replaceAll(/\{\w+\}/g, '{}')}`
}

function nameOf({ group, method, path }: Known): string {
  return `${group}: ${method} ${path}`
}
