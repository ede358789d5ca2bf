/**
 * Users who are being made: nobody may be left in a database whom no lease will ever take away. What is to be undone is stored before a
 * user is made, and goes in the transaction that stores his lease. What is left, because the server or the client went away or because
 * the lease could not be had, is undone afterwards.
 */
import { CofferError, type WriteView } from '#framework'
import type { Clock } from '../../../lib/clock.ts'
import { uuid } from '../../../lib/secure/random.ts'
import { hiding, told } from './databases.ts'
import { databaseErrors } from './errors.ts'
import { DatabaseFailure, type NewUser } from './plugins/plugin.ts'
import type { Shared, Work } from './ports.ts'
import { connections, lent, retired, undoEntries, type Connection, type Undo } from './store.ts'

/** ms within which a request that made a user has stored his lease, or never will. */
const SETTLED = 10_000
/** ms after which nothing that another process sent to a database can still arrive there. */
const ARRIVED = 60_000

export class Issuing {
  /** Of this process, which alone knows what it is about to do. */
  readonly #epoch = uuid()
  /** Entries that requests of this process are busy with: until when (monotonic, ms) they are left alone. */
  readonly #busy = new Map<string, number>()

  /** The user is in the database when it resolves, and is known to be not, or will be taken away, when it rejects. */
  async make(
    work: Work,
    shared: Shared,
    connectionName: string,
    connection: Connection,
    user: NewUser,
    undo: Pick<Undo, 'rollback' | 'revocation'>,
  ): Promise<string> {
    const id = uuid()
    const entry: Undo = {
      ...undo,
      connection: connectionName,
      username: user.username,
      createdAt: work.clock.now(),
      epoch: this.#epoch,
      undoing: false,
    }
    this.#busy.set(id, Infinity)
    try {
      await work.apart.write((view) => undoEntries.put(view, { id }, entry))
      const database = await shared.databases.get(work.mount.uuid, connectionName, connection, work.clock)
      await hiding(user.credential, database.newUser(user))
      this.#busy.set(id, work.clock.monotonic() + SETTLED)
      return id
    } catch (error) {
      this.#busy.delete(id)
      if (certainlyNot(error)) await work.apart.write((view) => undoEntries.delete(view, { id }))
      else await this.#undoNow(work, shared, id, error instanceof DatabaseFailure && !error.refused)
      throw told(error, 'failed to execute query')
    }
  }

  /** In the transaction that stores the lease: it owns the user from now on. */
  async own(view: WriteView, id: string): Promise<void> {
    const entry = await undoEntries.get(view, { id })
    if (entry === undefined || entry.undoing) throw databaseErrors.TAKEN_BACK()
    undoEntries.delete(view, { id })
    lent.put(view, { connection: entry.connection, id }, { username: entry.username })
    view.onCommitted(() => this.#busy.delete(id))
  }

  /** Undoes what no lease came to own. What cannot be undone now is tried again by the next call. */
  async settle(work: Work, shared: Shared, signal: AbortSignal): Promise<void> {
    const ids = await work.apart.read((view) => undoEntries.list(view))
    // A database that is away is not asked for each user that was made over it.
    const away = new Set<string>()
    for (const id of ids) {
      if (signal.aborted) return
      if (this.#isBusy(id, work.clock)) continue
      try {
        await this.#undo(work, shared, id, { away })
      } catch (error) {
        work.log.warn('a user whom no lease owns could not be removed; it is tried again', {
          mount: work.mount.path,
          reason: error instanceof CofferError ? error.message : 'unknown',
        })
      }
    }
  }

  #isBusy(id: string, clock: Clock): boolean {
    const until = this.#busy.get(id)
    if (until === undefined) return false
    if (until > clock.monotonic()) return true
    this.#busy.delete(id)
    return false
  }

  /** Never rejects: what is left is undone later. */
  async #undoNow(work: Work, shared: Shared, id: string, uncertain: boolean): Promise<void> {
    try {
      await this.#undo(work, shared, id, { uncertain })
    } catch {
      // The entry is still there.
    }
  }

  async #undo(
    work: Work,
    shared: Shared,
    id: string,
    { uncertain = false, away }: { readonly uncertain?: boolean; readonly away?: Set<string> },
  ): Promise<void> {
    const entry = await this.#claimed(work, id, uncertain)
    if (entry === undefined || away?.has(entry.connection) === true) return
    const connection = await work.apart.read((view) => connectionFor(view, entry.connection))
    if (connection !== undefined) {
      const statements = entry.rollback.length > 0 ? entry.rollback : entry.revocation
      const database = await shared.databases.get(work.mount.uuid, entry.connection, connection, work.clock)
      try {
        await database.deleteUser({ username: entry.username, statements })
      } catch (error) {
        if (error instanceof DatabaseFailure && !error.refused) away?.add(entry.connection)
        throw told(error)
      }
    }
    // What was sent before may arrive after this; then there is another round.
    if (entry.epoch !== this.#epoch && work.clock.now() - entry.createdAt < ARRIVED) return
    await work.apart.write(async (view) => {
      undoEntries.delete(view, { id })
      await forgetRetired(view, entry.connection)
    })
  }

  /** From here on no lease can own the user. */
  #claimed(work: Work, id: string, uncertain: boolean): Promise<Undo | undefined> {
    return work.apart.write(async (view) => {
      const found = await undoEntries.get(view, { id })
      if (found === undefined) return undefined
      const claimed = { ...found, undoing: true, epoch: uncertain ? '' : found.epoch }
      if (!found.undoing || uncertain) undoEntries.put(view, { id }, claimed)
      return claimed
    })
  }
}

/** Nothing was made: the database said no, or was never asked. */
function certainlyNot(error: unknown): boolean {
  return error instanceof CofferError || (error instanceof DatabaseFailure && error.applied === 'no')
}

type View = Parameters<typeof connections.get>[0]

/** The connection over which a user was made, also where it was deleted since. */
export async function connectionFor(view: View, name: string): Promise<Connection | undefined> {
  return (await connections.get(view, { name })) ?? (await retired.get(view, { name }))
}

/** Rejects with `DATABASE_NO_CONNECTION`. */
export async function connectionOf(view: View, name: string): Promise<Connection> {
  const found = await connections.get(view, { name })
  if (found === undefined) throw databaseErrors.NO_CONNECTION({ name })
  return found
}

/** A deleted connection is kept for as long as a user of it may have to be removed. */
export async function isNeeded(view: View, name: string): Promise<boolean> {
  if ((await lent.list(view, `${name}/`, { limit: 1 })).length > 0) return true
  for (const id of await undoEntries.list(view)) {
    if ((await undoEntries.get(view, { id }))?.connection === name) return true
  }
  return false
}

export async function forgetRetired(view: WriteView, name: string): Promise<void> {
  if ((await retired.has(view, { name })) && !(await isNeeded(view, name))) retired.delete(view, { name })
}
