/** The open databases of all mounts: one for each connection, made when it is first wanted. */
import type { Clock } from '../../../lib/clock.ts'
import { detailsOf, pluginOf } from './domain.ts'
import { databaseErrors } from './errors.ts'
import {
  DatabaseFailure,
  DetailsError,
  redacted,
  type Credential,
  type Database,
  type Details,
} from './plugins/plugin.ts'
import type { Connection } from './store.ts'

interface Open {
  readonly revision: string
  readonly database: Promise<Database>
}

export class Databases {
  /** By the mount's uuid and the connection's name. */
  readonly #open = new Map<string, Map<string, Open>>()

  /** That of the configuration as it is now. */
  get(mountUuid: string, name: string, connection: Connection, clock: Clock): Promise<Database> {
    const ofMount = this.#open.get(mountUuid) ?? new Map<string, Open>()
    this.#open.set(mountUuid, ofMount)
    const found = ofMount.get(name)
    if (found?.revision === connection.revision) return found.database
    if (found !== undefined) void closed(found)
    const database = openDatabase(connection, clock)
    ofMount.set(name, { revision: connection.revision, database })
    database.catch(() => {
      if (ofMount.get(name)?.database === database) ofMount.delete(name)
    })
    return database
  }

  async drop(mountUuid: string, name: string): Promise<void> {
    const ofMount = this.#open.get(mountUuid)
    const found = ofMount?.get(name)
    ofMount?.delete(name)
    if (found !== undefined) await closed(found)
  }

  async release(mountUuid: string): Promise<void> {
    const ofMount = this.#open.get(mountUuid)
    this.#open.delete(mountUuid)
    await Promise.all([...(ofMount?.values() ?? [])].map(closed))
  }
}

/** Never rejects: one that did not open has nothing to close. */
async function closed({ database }: Open): Promise<void> {
  try {
    await (await database).close()
  } catch {
    // It is not used any more either way.
  }
}

/** A database of its own, with other details than those that are stored where some are given. Rejects with `DATABASE_CREATE`. */
export async function openDatabase(connection: Connection, clock: Clock, other?: Details): Promise<Database> {
  try {
    const details = detailsOf(connection)
    const all: Details = other === undefined ? details : new Map([...details, ...other])
    return await pluginOf(connection.pluginName).open(all, clock)
  } catch (error) {
    throw error instanceof DetailsError ? databaseErrors.CREATE({ reason: error.message }, { cause: error }) : error
  }
}

/** Uses a database of its own and closes it. */
export async function withDatabase<T>(
  connection: Connection,
  clock: Clock,
  other: Details | undefined,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(connection, clock, other)
  try {
    return await use(database)
  } finally {
    await database.close()
  }
}

/** A database may repeat a statement that it does not understand, and with it the password that stands in it. */
export async function hiding<T>(credential: Credential, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof DatabaseFailure) || credential.type !== 'password') throw error
    throw new DatabaseFailure(redacted(error.message, [credential.password]), error)
  }
}

/** A database's failure in the words for clients. */
export function told(error: unknown, what = ''): unknown {
  if (!(error instanceof DatabaseFailure)) return error
  return databaseErrors.FAILED({ what: what === '' ? error.message : `${what}: ${error.message}` }, { cause: error })
}
