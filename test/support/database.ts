/** A database mount on a server, over a real PostgreSQL. */
import assert from 'node:assert/strict'
import pg from 'pg'
import type { ComposedAnswer, ComposedServer } from './composed.ts'
import { textAt } from './json.ts'
import { PASSWORD, type TestPostgres } from './postgres.ts'

/** A statement that makes a user who can log in. */
export const CREATE = `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'`

export interface Creds {
  readonly leaseId: string
  readonly username: string
  readonly password: string
}

/** Of a server: it is asked, and nothing else. */
interface Asked {
  call(method: string, path: string, body?: unknown, options?: { readonly token?: string }): Promise<Answer>
}
type Answer = Omit<ComposedAnswer, 'headers'>

export class DatabaseMount<S extends Asked = ComposedServer> {
  readonly server: S
  readonly postgres: TestPostgres

  constructor(server: S, postgres: TestPostgres) {
    this.server = server
    this.postgres = postgres
  }

  /** The JSON of an answer that must be a success. */
  async ok(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.server.call(method, path, body)
    assert.ok(answer.status === 200 || answer.status === 204, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }

  /** Mounts at `db/`, with the connection `pg` and the role `app`. */
  async setUp(connection: object = {}, role: object = {}): Promise<void> {
    await this.ok('POST', 'sys/mounts/db', { type: 'database' })
    await this.configure(connection)
    await this.ok('POST', 'db/roles/app', { db_name: 'pg', creation_statements: CREATE, default_ttl: '1h', ...role })
  }

  async configure(more: object = {}): Promise<void> {
    await this.ok('POST', 'db/config/pg', {
      plugin_name: 'postgresql-database-plugin',
      connection_url: `postgres://{{username}}:{{password}}@127.0.0.1:${this.postgres.port}/postgres?sslmode=disable&connect_timeout=2`,
      username: 'coffer',
      password: PASSWORD,
      allowed_roles: '*',
      ...more,
    })
  }

  async creds(role = 'app', options: { readonly token?: string } = {}): Promise<Creds> {
    const answer = await this.server.call('GET', `db/creds/${role}`, undefined, options)
    assert.equal(answer.status, 200, answer.text)
    return {
      leaseId: textAt(answer.json, 'lease_id'),
      username: textAt(answer.json, 'data', 'username'),
      password: textAt(answer.json, 'data', 'password'),
    }
  }

  revoke(leaseId: string): Promise<unknown> {
    return this.ok('POST', 'sys/leases/revoke', { lease_id: leaseId, sync: true })
  }

  async staticPassword(role: string): Promise<string> {
    return textAt(await this.ok('GET', `db/static-creds/${role}`), 'data', 'password')
  }

  /** Rejects where the user cannot log in. */
  async logIn({ username, password }: { readonly username: string; readonly password: string }): Promise<void> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.postgres.port,
      user: username,
      password,
      database: 'postgres',
    })
    client.on('error', () => undefined)
    await client.connect()
    try {
      await client.query('SELECT 1')
    } finally {
      await client.end()
    }
  }

  async logsIn(login: { readonly username: string; readonly password: string }): Promise<boolean> {
    try {
      await this.logIn(login)
      return true
    } catch (error) {
      if (error instanceof pg.DatabaseError) return false
      throw error
    }
  }

  /** Users that were made on demand and are still there. */
  async users(): Promise<readonly string[]> {
    const rows = await this.postgres.sql(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%' ORDER BY 1`)
    return rows.map((row) => String(row['rolname']))
  }
}
