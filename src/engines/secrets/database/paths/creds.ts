import { definePath, f, leased, okData, type PathDefinition } from '#framework'
import { grantTtl } from '../../../../lib/ttl.ts'
import { makeCredential } from '../credentials.ts'
import { assertServes, isAllowed, isSelfManaged, usernameFor } from '../domain.ts'
import { databaseErrors } from '../errors.ts'
import { databaseEvent, tellFailure } from '../events.ts'
import { connectionOf } from '../issuing.ts'
import { MARGIN } from '../leases.ts'
import type { Shared } from '../ports.ts'
import { credsReply, staticCredsOut, staticCredsReply } from '../replies.ts'
import { roles, staticRoles } from '../store.ts'

export function credsPaths(shared: Shared): readonly PathDefinition[] {
  const creds = definePath('creds/{name}', {
    help: 'Get a user of a database.',
    params: { name: f.name('Name of the role.') },
  }).readWriting({
    summary: 'Make a user. He is removed when his lease is over.',
    operationId: 'database-generate-credentials',
    replies: { 200: credsReply },
    prepare: async (c) => {
      const { name } = c.params
      const role = await roles.get(c.view, { name })
      if (role === undefined) throw databaseErrors.UNKNOWN_ROLE({ name })
      const connection = await connectionOf(c.view, role.dbName)
      assertServes(connection, name, role.credentialType)
      if (isSelfManaged(connection)) throw databaseErrors.SELF_MANAGED_ONLY_STATIC()
      const now = c.clock.now()
      const granted = grantTtl({ ttl: role.defaultTtl, maxTtl: role.maxTtl, issuedAt: now }, c.limits, now)
      const expiresAt = now + (granted?.ttl ?? c.limits.defaultTtl) * 1000 + MARGIN
      const displayName = c.caller?.displayName ?? ''
      const { credential, shown } = await makeCredential(
        {
          namespaceId: c.request.namespace.id,
          type: role.credentialType,
          config: role.credentialConfig,
          passwordPolicy: connection.passwordPolicy,
          displayName,
          roleName: name,
          now,
          expiresAt,
        },
        shared.passwords,
      )
      const username = usernameFor(connection, { displayName, roleName: name }, now)
      const user = { username, credential, statements: role.creation, expiresAt }
      try {
        const id = await shared.issuing.make(c, shared, role.dbName, connection, user, role)
        return { id, username, role, shown }
      } catch (error) {
        await tellFailure(c, databaseEvent('creds-create-fail', c.path, name, { modified: false }))
        throw error
      }
    },
    run: async (c, { id, username, role, shown }) => {
      await shared.issuing.own(c.view, id)
      c.emit(databaseEvent('creds-create', c.path, c.params.name))
      const internal = {
        id,
        username,
        role: c.params.name,
        db_name: role.dbName,
        revocation_statements: role.revocation,
      }
      const data = new Map([...shown, ['username', username] as const].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      return leased({ type: 'creds', internal, ttl: role.defaultTtl, maxTtl: role.maxTtl, renewable: true }, data)
    },
  })
  const staticCreds = definePath('static-creds/{name}', {
    help: 'Read the credential of a static role.',
    params: { name: f.name('Name of the static role.') },
  }).read({
    summary: 'Read the credential of a static role.',
    operationId: 'database-read-static-role-credentials',
    replies: { 200: staticCredsReply },
    run: async (c) => {
      const { name } = c.params
      const role = await staticRoles.get(c.view, { name })
      if (role === undefined) throw databaseErrors.UNKNOWN_ROLE({ name })
      const connection = await connectionOf(c.view, role.dbName)
      if (!isAllowed(connection.allowedRoles, name)) throw databaseErrors.NOT_ALLOWED({ name })
      return okData(staticCredsOut(role, c.clock.now()))
    },
  })
  return [creds, staticCreds]
}
