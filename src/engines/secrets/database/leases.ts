/** A user who was lent: prolonged and taken away. */
import { defineLease, f, type LeaseDefinition } from '#framework'
import { grantTtl } from '../../../lib/ttl.ts'
import { told } from './databases.ts'
import { databaseErrors } from './errors.ts'
import { connectionFor, connectionOf, forgetRetired } from './issuing.ts'
import type { Shared } from './ports.ts'
import { lent, roles } from './store.ts'

/** The user outlives the lease by so much (ms), so that no credential ends before its lease. */
export const MARGIN = 5000

export function credsLease({ databases }: Shared): LeaseDefinition {
  return defineLease({
    type: 'creds',
    internal: {
      id: f.string(),
      username: f.string(),
      role: f.string(),
      db_name: f.string(),
      revocation_statements: f.list(),
    },
    renew: async (c) => {
      const { username, role: name, db_name: connectionName } = c.internal
      const role = await roles.get(c.view, { name })
      if (role === undefined) throw databaseErrors.ROLE_GONE({ name })
      const now = c.clock.now()
      const wish = { increment: c.increment, ttl: role.defaultTtl, maxTtl: role.maxTtl, issuedAt: c.issuedAt }
      const granted = grantTtl(wish, c.limits, now)
      if (granted !== undefined) {
        const connection = await connectionOf(c.view, connectionName)
        const database = await databases.get(c.mount.uuid, connectionName, connection, c.clock)
        try {
          const at = now + granted.ttl * 1000 + MARGIN
          await database.updateUser({ username, expiration: { at, statements: role.renewal } })
        } catch (error) {
          throw told(error)
        }
      }
      return { ttl: role.defaultTtl, ...(role.maxTtl > 0 ? { maxTtl: role.maxTtl } : {}) }
    },
    revoke: async (c) => {
      const { id, username, role: name, db_name: connectionName, revocation_statements: remembered } = c.internal
      const connection = await connectionFor(c.view, connectionName)
      if (connection === undefined) throw databaseErrors.NO_CONNECTION({ name: connectionName })
      const role = await roles.get(c.view, { name })
      const statements = role?.dbName === connectionName ? role.revocation : remembered
      const database = await databases.get(c.mount.uuid, connectionName, connection, c.clock)
      try {
        await database.deleteUser({ username, statements })
      } catch (error) {
        throw told(error)
      }
      lent.delete(c.view, { connection: connectionName, id })
      await forgetRetired(c.view, connectionName)
    },
  })
}
