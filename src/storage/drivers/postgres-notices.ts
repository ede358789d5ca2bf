/**
 * Whether the storage can tell of commits. What speaks PostgreSQL's protocol without being it may not know how, and a role may not be
 * allowed to: then the statements leave it out, and everybody looks every now and then.
 */
import type { Queryable } from './postgres-connection.ts'
import { isLacking } from './postgres-error.ts'

const FUNCTION = 'pg_notify(text, text)'

export class PostgresNotices {
  #possible = true

  /** Known once `find` has resolved. */
  get possible(): boolean {
    return this.#possible
  }

  /** Asks the storage. Rejects where it does not answer. */
  async find(connection: Queryable): Promise<void> {
    try {
      const { rows } = await connection.query<{ may: boolean }>({
        text: `SELECT has_function_privilege($1, 'EXECUTE') AS may`,
        values: [FUNCTION],
      })
      this.#possible = rows[0]?.may === true
    } catch (error) {
      // It has no such function, or cannot even say whether it has.
      if (!isLacking(error)) throw error
      this.#possible = false
    }
  }

  /** Columns of a SELECT that tell `payload` to `channel`, both in SQL; or that only name them, so that each parameter has its type. */
  tell(channel: string, payload: string): string {
    return this.#possible ? `pg_notify(${channel}, ${payload})` : `${channel}::text, ${payload}`
  }
}
