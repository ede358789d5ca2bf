import { definePath, done, entryOf, f, namesOf, none, type PathDefinition } from '#framework'
import { credentialConfig } from '../credentials.ts'
import { databaseErrors } from '../errors.ts'
import { databaseEvent } from '../events.ts'
import { CREDENTIAL_TYPES, type CredentialType } from '../plugins/plugin.ts'
import { keysReply, roleOut, roleReply } from '../replies.ts'
import { roles, staticRoles, type Role } from '../store.ts'

/** Those that dynamic and static roles share. */
export const sharedRoleFields = {
  db_name: f.string('The connection.').optional(),
  credential_type: f
    .string('What users prove themselves with: "password" (the default), "rsa_private_key" or "client_certificate".')
    .optional(),
  credential_config: f.pairs('What that type can be told: the password_policy, or key_bits and format.').optional(),
} as const

const newRole: Role = Object.freeze({
  dbName: '',
  creation: [],
  revocation: [],
  rollback: [],
  renewal: [],
  defaultTtl: 0,
  maxTtl: 0,
  credentialType: 'password',
  credentialConfig: credentialConfig('password', new Map()),
})

const list = definePath('roles', { help: 'Roles whose users come and go.', params: {} }).list({
  summary: 'List the roles.',
  operationId: 'database-list-roles',
  ...namesOf(roles, keysReply),
})

const role = definePath('roles/{name}', {
  help: 'A role: how users of a database are made, prolonged and removed.',
  params: { name: f.name('Name of the role.') },
  exists: (c) => roles.has(c.view, c.params),
})
  .read({
    summary: 'Read a role.',
    operationId: 'database-read-role',
    replies: { 200: roleReply },
    run: entryOf(roles, roleOut),
  })
  .write({
    summary: 'Create or change a role. What is left out stays as it is.',
    operationId: 'database-write-role',
    fields: {
      ...sharedRoleFields,
      default_ttl: f.duration('How long a user lives; 0 for the mount’s default.').optional(),
      max_ttl: f.duration('How long he lives at most; 0 for the mount’s maximum.').optional(),
      creation_statements: f
        .list('Statements that make a user: {{name}}, {{password}} and {{expiration}} stand for his.')
        .optional(),
      revocation_statements: f.list('Statements that remove him; the plugin knows some of its own.').optional(),
      rollback_statements: f.list('Statements that remove one whose making failed.').optional(),
      renew_statements: f.list('Statements that prolong his life.').optional(),
    },
    replies: { 204: none },
    run: async (c) => {
      if (await staticRoles.has(c.view, c.params)) throw databaseErrors.NAMES_UNIQUE()
      const before = (await roles.get(c.view, c.params)) ?? newRole
      const dbName = c.in.db_name ?? before.dbName
      if (dbName === '') throw databaseErrors.DB_NAME()
      roles.put(c.view, c.params, {
        dbName,
        ...changedCredential(c.in, before),
        creation: c.in.creation_statements ?? before.creation,
        revocation: (c.in.revocation_statements ?? before.revocation).filter((text) => text !== ''),
        rollback: c.in.rollback_statements ?? before.rollback,
        renewal: c.in.renew_statements ?? before.renewal,
        defaultTtl: c.in.default_ttl ?? before.defaultTtl,
        maxTtl: c.in.max_ttl ?? before.maxTtl,
      })
      c.emit(databaseEvent(c.operation === 'create' ? 'role-create' : 'role-update', c.path, c.params.name))
      return done()
    },
  })
  .delete({
    summary: 'Delete a role. Its users are still removed when their time is over.',
    operationId: 'database-delete-role',
    replies: { 204: none },
    run: (c) => {
      roles.delete(c.view, c.params)
      c.emit(databaseEvent('role-delete', c.path, c.params.name))
      return done()
    },
  })

export const rolePaths: readonly PathDefinition[] = [list, role]

/** An empty configuration of the same type changes nothing, as in Vault. */
export function changedCredential(
  given: {
    readonly credential_type?: string | undefined
    readonly credential_config?: ReadonlyMap<string, string> | undefined
  },
  before: Pick<Role, 'credentialType' | 'credentialConfig'>,
): Pick<Role, 'credentialType' | 'credentialConfig'> {
  const credentialType = given.credential_type === undefined ? before.credentialType : typeOf(given.credential_type)
  const config = given.credential_config ?? new Map<string, string>()
  if (credentialType === before.credentialType && config.size === 0)
    return { credentialType, credentialConfig: before.credentialConfig }
  return { credentialType, credentialConfig: credentialConfig(credentialType, config) }
}

function typeOf(text: string): CredentialType {
  const found = CREDENTIAL_TYPES.find((type) => type === text)
  if (found === undefined) throw databaseErrors.CREDENTIAL_TYPE({ type: text })
  return found
}
