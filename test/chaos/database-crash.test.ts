/** 1,000 users of a database, lent and taken back, with kill -9 of the server in the middle of both: none is left over. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { at, textAt } from '../support/json.ts'
import { PASSWORD, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const WANTED = 1000
const CLIENTS = 8

test('none of a thousand users is left over', { skip: withoutPostgres() }, async () => {
  await using postgres = await startPostgres()
  await using server = await startServer()
  const users = async (): Promise<number> => {
    const [row] = await postgres.sql(`SELECT count(*)::int AS count FROM pg_roles WHERE rolname LIKE 'v-%'`)
    return Number(row?.['count'])
  }
  await server.call('POST', 'sys/mounts/db', { type: 'database' })
  await server.call('POST', 'db/config/pg', {
    plugin_name: 'postgresql-database-plugin',
    connection_url: `postgres://{{username}}:{{password}}@127.0.0.1:${postgres.port}/postgres?sslmode=disable`,
    username: 'coffer',
    password: PASSWORD,
    allowed_roles: '*',
    max_open_connections: CLIENTS,
  })
  const role = { db_name: 'pg', creation_statements: `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}'` }
  assert.equal((await server.call('POST', 'db/roles/app', role)).status, 204)

  const leases: string[] = []
  await killedMidway(
    server,
    async (call) => {
      const answer = await call('GET', 'db/creds/app')
      if (answer.status === 200) leases.push(textAt(answer.json, 'lease_id'))
      return answer.status === 200 && leases.length < WANTED
    },
    () => leases.length > WANTED / 3,
  )
  assert.ok(leases.length >= WANTED, String(leases.length))
  // A user whose lease was stored and whose client never heard of it has a lease all the same.
  const lent = async (): Promise<number> => {
    const keys = at((await server.call('LIST', 'sys/leases/lookup/db/creds/app')).json, 'data', 'keys')
    return Array.isArray(keys) ? keys.length : 0
  }
  await until(async () => (await users()) === (await lent()), 30_000, 'as many users as leases')
  console.log(`# ${await lent()} users lent, ${leases.length} of them to somebody who heard of it`)

  const left = [...leases]
  await killedMidway(
    server,
    async (call) => {
      const lease = left.pop()
      if (lease === undefined) return false
      await call('POST', 'sys/leases/revoke', { lease_id: lease, sync: true })
      return true
    },
    () => left.length < leases.length / 2,
  )
  // Those whose revocation the crash broke off, and those of whom nobody heard.
  await server.call('POST', 'sys/leases/revoke-prefix/db/creds', { sync: true })
  await until(async () => (await users()) === 0, 30_000, 'the end of all users')
})

type Call = (method: string, path: string, body?: unknown) => ReturnType<TestServer['call']>

/** Runs `work` by several clients until it says false, and kills the server once, when `middle` says so. */
async function killedMidway(
  server: TestServer,
  work: (call: Call) => Promise<boolean>,
  middle: () => boolean,
): Promise<void> {
  let down = Promise.withResolvers<void>()
  down.resolve()
  let killed = false
  const client = async (): Promise<void> => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (let more = true; more;) {
      await down.promise
      try {
        more = await work((method, path, body) => server.call(method, path, body, { agent }))
      } catch {
        // The server was killed meanwhile.
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (!killed && middle()) {
        killed = true
        down = Promise.withResolvers<void>()
        await server.kill('SIGKILL')
        await server.restart()
        await server.unseal()
        down.resolve()
      }
    }
    agent.destroy()
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  assert.ok(killed)
}
