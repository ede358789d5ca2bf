import {
  CofferError,
  definePath,
  done,
  entryOf,
  f,
  namesOf,
  none,
  RawJson,
  replySchema,
  stringify,
  type Infer,
  type PathDefinition,
  type JsonValue,
  type ReadView,
} from '#framework'
import type { Clock } from '../../../../lib/clock.ts'
import { uuid } from '../../../../lib/secure/random.ts'
import { withDatabase } from '../databases.ts'
import {
  assertUsernameTemplate,
  detailsOf,
  isSelfManaged,
  pluginOf,
  SECRET_DETAILS,
  textOf,
  valuesOf,
} from '../domain.ts'
import { databaseErrors } from '../errors.ts'
import { databaseEvent } from '../events.ts'
import { isNeeded } from '../issuing.ts'
import { DatabaseFailure, DetailsError } from '../plugins/plugin.ts'
import type { Shared } from '../ports.ts'
import { connectionOut, connectionReply, hasPassword, keysReply } from '../replies.ts'
import { connections, retired, rootRotations, type Connection } from '../store.ts'

const ownFields = {
  plugin_name: f
    .string('Kind of the database: postgresql-database-plugin, mysql-database-plugin, redis-database-plugin, …')
    .optional(),
  plugin_version: f.string('Empty, or the version of the built-in plugin.').optional(),
  verify_connection: f.bool('Whether the connection is tried now; true unless it says otherwise.').default(true),
  allowed_roles: f.strings('Roles that may use it; "*" stands for any characters. None if empty.').optional(),
  root_rotation_statements: f
    .list('Statements that give the user of the connection a new password; the plugin knows some of its own.')
    .optional(),
  password_policy: f.string('Policy by which passwords are made; 20 characters if empty.').optional(),
  skip_static_role_import_rotation: f
    .bool('Whether new static roles keep the password that their user has.')
    .optional(),
} as const

/** Besides these a plugin may take others: all of them are kept as they come. */
const detailFields = {
  connection_url: f
    .string('Where the database is; {{username}} and {{password}} stand for what the next two say.')
    .optional(),
  username: f.string('The user with whom the engine logs in.').optional(),
  password: f.string('His password. It is never shown.').sensitive().optional(),
  max_open_connections: f.int('Connections at once; 4 unless it says otherwise.').optional(),
  max_idle_connections: f.int('How many of them are kept while nobody needs them.').optional(),
  max_connection_lifetime: f.signedDuration('How long one is used; 0 for as long as it works.').optional(),
  username_template: f.string('How users are named.').optional(),
  disable_escaping: f.bool('Put user and password into the URL as they are.').optional(),
  password_authentication: f.string('PostgreSQL: "password", or "scram-sha-256" to hash passwords here.').optional(),
  self_managed: f
    .bool('PostgreSQL: static roles rotate their own passwords; there is no user of the engine.')
    .optional(),
  tls_ca: f.string('PEM: certificates of those who may have signed the server’s.').optional(),
  tls_certificate: f.string('PostgreSQL: the engine’s own certificate, PEM.').optional(),
  private_key: f.string('PostgreSQL: its key, PEM. It is never shown.').sensitive().optional(),
  tls_certificate_key: f.string('MySQL: certificate and key, PEM. They are never shown.').sensitive().optional(),
  tls_server_name: f.string('MySQL: the name that the server’s certificate must have.').optional(),
  tls_skip_verify: f.bool('MySQL: do not look at the server’s certificate.').optional(),
  host: f.string('Redis: where it is.').optional(),
  port: f.int('Redis: its port.').optional(),
  tls: f.bool('Redis: connect with TLS.').optional(),
  insecure_tls: f.bool('Redis: do not look at the server’s certificate.').optional(),
  ca_cert: f.string('Redis: certificates of those who may have signed the server’s, PEM.').optional(),
  persistence_mode: f.string('Redis: REWRITE or ACLFILE to have users survive a restart of the server.').optional(),
} as const

const fields = { ...ownFields, ...detailFields }
const NOT_DETAILS = new Set([...Object.keys(ownFields), 'name'])
const VERSION = /^v?\d+(?:\.\d+){0,2}(?:[-+][\w.+-]+)?$/

export function configPaths(shared: Shared): readonly PathDefinition[] {
  const list = definePath('config', { help: 'The connections to databases.', params: {} }).list({
    summary: 'List the connections.',
    operationId: 'database-list-connections',
    ...namesOf(connections, keysReply),
  })
  const config = definePath('config/{name}', {
    help: 'A connection to a database.',
    params: { name: f.name('Name of the connection.') },
    exists: (c) => connections.has(c.view, c.params),
  })
    .read({
      summary: 'Read a connection. Passwords and private keys are not shown.',
      operationId: 'database-read-connection-configuration',
      replies: { 200: connectionReply },
      run: entryOf(connections, connectionOut),
    })
    .write({
      summary: 'Configure a connection. What is left out stays as it is.',
      operationId: 'database-configure-connection',
      fields,
      flags: { arbitraryInput: true },
      replies: { 204: none, 200: replySchema('Stored, with warnings.', {}) },
      prepare: async (c) => {
        const connection = await merged(c)
        await assertWorks(connection, c)
      },
      run: async (c) => {
        const { name } = c.params
        const connection = await merged(c)
        connections.put(c.view, { name }, connection)
        retired.delete(c.view, { name })
        c.emit(databaseEvent('config-write', c.path, name))
        c.view.onCommitted(() => void shared.databases.drop(c.mount.uuid, name))
        const url = textOf(valuesOf(connection.details), 'connection_url')
        return hasPassword(url) ? { status: 200, warnings: [PASSWORD_IN_URL] } : done()
      },
    })
    .delete({
      summary: 'Delete a connection. Users that were lent over it are still removed when their time is over.',
      operationId: 'database-delete-connection-configuration',
      replies: { 204: none },
      run: async (c) => {
        const { name } = c.params
        const found = await connections.get(c.view, { name })
        if (found !== undefined && (await isNeeded(c.view, name))) retired.put(c.view, { name }, found)
        connections.delete(c.view, { name })
        rootRotations.delete(c.view, { name })
        c.emit(databaseEvent('config-delete', c.path, name))
        c.view.onCommitted(() => void shared.databases.drop(c.mount.uuid, name))
        return done()
      },
    })
  return [list, config]
}

const PASSWORD_IN_URL =
  'Password found in connection_url, use a templated url to enable root rotation and prevent read access to password information.'

interface WriteCall {
  readonly view: ReadView
  readonly params: { readonly name: string }
  readonly in: Infer<typeof fields>
  readonly given: ReadonlyMap<string, RawJson | string>
}

/** The connection as it will be. */
async function merged(c: WriteCall): Promise<Connection> {
  const before = await connections.get(c.view, c.params)
  const pluginName = c.in.plugin_name ?? before?.pluginName ?? ''
  if (pluginName === '') throw databaseErrors.NO_PLUGIN_NAME()
  const version = c.in.plugin_version ?? ''
  if (version !== '' && !VERSION.test(version)) throw databaseErrors.VERSION({ version })
  if (version !== '')
    throw databaseErrors.CREATE({
      reason: `invalid database version: plugin not found in the catalog: ${pluginName}, version=${version}`,
    })
  const details = new Map(before === undefined ? [] : valuesOf(before.details))
  const secrets = new Map(before === undefined ? [] : valuesOf(before.secrets))
  for (const [name, input] of c.given) {
    if (NOT_DETAILS.has(name)) continue
    const into = SECRET_DETAILS.has(name) ? secrets : details
    into.set(name, typeof input === 'string' ? input : input.value())
  }
  return {
    pluginName,
    pluginVersion: '',
    details: jsonOf(details),
    secrets: jsonOf(secrets),
    allowedRoles: c.in.allowed_roles ?? before?.allowedRoles ?? [],
    rootRotationStatements: c.in.root_rotation_statements ?? before?.rootRotationStatements ?? [],
    passwordPolicy: c.in.password_policy ?? before?.passwordPolicy ?? '',
    verifyConnection: c.in.verify_connection,
    skipImportRotation: c.in.skip_static_role_import_rotation ?? before?.skipImportRotation ?? false,
    revision: uuid(),
  }
}

function jsonOf(members: ReadonlyMap<string, JsonValue>): RawJson {
  return new RawJson(stringify(members))
}

/** Throws `DATABASE_CREATE` for a connection that cannot work, or, where that is asked for, does not. */
async function assertWorks(connection: Connection, c: { readonly clock: Clock }): Promise<void> {
  const plugin = pluginOf(connection.pluginName)
  try {
    assertUsernameTemplate(detailsOf(connection))
    const selfManaged = isSelfManaged(connection)
    if (selfManaged && !plugin.selfManaged) throw new DetailsError('self_managed is not supported by this plugin')
    await withDatabase(connection, c.clock, undefined, async (database) => {
      // There is nobody to log in as, until there is a static role.
      if (connection.verifyConnection && !selfManaged) await database.verify()
    })
  } catch (error) {
    if (error instanceof CofferError) throw error
    if (error instanceof DetailsError) throw databaseErrors.CREATE({ reason: error.message }, { cause: error })
    if (error instanceof DatabaseFailure)
      throw databaseErrors.CREATE({ reason: `error verifying connection: ${error.message}` }, { cause: error })
    throw error
  }
}
