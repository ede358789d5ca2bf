/** The connection URL of a storage. A misspelt parameter is refused, and what it could be besides a URL is not taken. */
import { storageErrors } from '../../errors/storage.ts'
import { parsePostgresUrl, PostgresUrlError, type ConnectionSettings } from '../../lib/postgres-url.ts'

export type { ConnectionSettings } from '../../lib/postgres-url.ts'

/** Throws `STORAGE_CANNOT_OPEN`, which says what is wrong and never what stands in the URL. */
export function parseConnectionUrl(text: string): ConnectionSettings {
  try {
    return parsePostgresUrl(text)
  } catch (error) {
    if (error instanceof PostgresUrlError) throw storageErrors.CANNOT_OPEN({ path: 'PostgreSQL', why: error.message })
    throw error
  }
}
