/**
 * A new password for the user with whom the engine itself logs in. It is stored before the database is told of it; where nobody knows how
 * that ended, both are tried, and the one that logs in is kept.
 */
import { RawJson, stringify } from '#framework'
import { secretsEqual } from '../../../lib/secure/equal.ts'
import { uuid } from '../../../lib/secure/random.ts'
import { makePassword } from './credentials.ts'
import { hiding, told, withDatabase } from './databases.ts'
import { detailsOf, textOf, valuesOf } from './domain.ts'
import { databaseErrors } from './errors.ts'
import { databaseEvent } from './events.ts'
import { connectionOf } from './issuing.ts'
import { DatabaseFailure } from './plugins/plugin.ts'
import type { Shared, Work } from './ports.ts'
import { connections, rootRotations, type Connection, type RootRotation } from './store.ts'

/** ms after which nothing that was sent to a database can still arrive there. */
const ARRIVED = 60_000

export function rotateRoot(work: Work, shared: Shared, name: string): Promise<void> {
  return locked(work, shared, name, async () => {
    const connection = await work.apart.read((view) => connectionOf(view, name))
    const details = detailsOf(connection)
    const [username, oldPassword] = [textOf(details, 'username'), textOf(details, 'password')]
    if (username === '') throw databaseErrors.ROOT_USERNAME()
    if (oldPassword === '') throw databaseErrors.ROOT_PASSWORD()
    const newPassword = await makePassword(connection.passwordPolicy, work.mount.namespaceId, shared.passwords)
    const rotation = { oldPassword, newPassword, createdAt: work.clock.now() }
    await work.apart.write((view) => rootRotations.put(view, { name }, rotation))
    try {
      const database = await shared.databases.get(work.mount.uuid, name, connection, work.clock)
      const statements = connection.rootRotationStatements
      const value = { type: 'password', password: newPassword } as const
      await hiding(value, database.updateUser({ username, credential: { value, statements } }))
    } catch (error) {
      await failed(work, shared, name, rotation, error)
      throw told(error, 'failed to update user')
    }
    await keep(work, shared, name, newPassword)
  })
}

/** Finds out how those ended of which nobody knows. */
export async function settleRoots(work: Work, shared: Shared, signal: AbortSignal): Promise<void> {
  for (const name of await work.apart.read((view) => rootRotations.list(view))) {
    if (signal.aborted) return
    await locked(work, shared, name, async () => {
      const found = await work.apart.read((view) => rootRotations.get(view, { name }))
      if (found !== undefined) await settle(work, shared, name, found)
    })
  }
}

function locked(work: Work, shared: Shared, name: string, run: () => Promise<void>): Promise<void> {
  return shared.locks.run(`${work.mount.uuid}/root/${name}`, run)
}

async function failed(work: Work, shared: Shared, name: string, rotation: RootRotation, error: unknown): Promise<void> {
  if (error instanceof DatabaseFailure && error.applied === 'maybe') await settle(work, shared, name, rotation)
  else await work.apart.write((view) => rootRotations.delete(view, { name }))
}

async function settle(work: Work, shared: Shared, name: string, rotation: RootRotation): Promise<void> {
  const connection = await work.apart.read((view) => connections.get(view, { name }))
  const forget = (): Promise<void> => work.apart.write((view) => rootRotations.delete(view, { name }))
  if (connection === undefined) return forget()
  const current = textOf(detailsOf(connection), 'password')
  // Another was configured since.
  if (!secretsEqual(current, rotation.oldPassword)) return forget()
  switch (await logsIn(work, connection, current)) {
    case 'yes':
      // What was sent before may arrive after this.
      if (work.clock.now() - rotation.createdAt >= ARRIVED) await forget()
      return
    case 'no':
      if ((await logsIn(work, connection, rotation.newPassword)) === 'yes')
        return keep(work, shared, name, rotation.newPassword)
      work.log.warn('neither password of a root rotation logs in; both are kept and tried again', { connection: name })
      return
    case 'unknown':
      return
  }
}

async function logsIn(work: Work, connection: Connection, password: string): Promise<'yes' | 'no' | 'unknown'> {
  try {
    await withDatabase(connection, work.clock, new Map([['password', password]]), (database) => database.verify())
    return 'yes'
  } catch (error) {
    return error instanceof DatabaseFailure && error.refused ? 'no' : 'unknown'
  }
}

/** The password is the connection's own from now on. */
async function keep(work: Work, shared: Shared, name: string, password: string): Promise<void> {
  await work.apart.write(async (view, emit) => {
    rootRotations.delete(view, { name })
    const connection = await connections.get(view, { name })
    if (connection === undefined) return
    const secrets = new RawJson(stringify(new Map([...valuesOf(connection.secrets), ['password', password]])))
    connections.put(view, { name }, { ...connection, secrets, revision: uuid() })
    emit(databaseEvent('rotate-root', `rotate-root/${name}`, name))
  })
  await shared.databases.drop(work.mount.uuid, name)
}
