/** What the paths answer, with the members of each in the order of their names. */
import { f, RawJson, replySchema, stringify, type JsonOut } from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import { SECRET_DETAILS, valuesOf } from './domain.ts'
import { ttlOf } from './schedule.ts'
import type { Connection, Role, StaticRole } from './store.ts'

type Members = ReadonlyMap<string, JsonOut>

export const keysReply = replySchema('Names.', { keys: f.list('The names.') })

export const connectionReply = replySchema('A connection.', {
  allowed_roles: f.list('Roles that may use it; "*" stands for any characters.'),
  connection_details: f.map('What the plugin is told, without passwords and private keys.'),
  password_policy: f.string('Policy by which passwords are made.'),
  plugin_name: f.string('Kind of the database.'),
  plugin_version: f.string('Always empty: the plugins are built in.'),
  root_credentials_rotate_statements: f.list('Statements that give the user of the connection a new password.'),
  skip_static_role_import_rotation: f.bool('Whether new static roles keep the password that their user has.'),
  verify_connection: f.bool('Whether the connection was tried when it was configured.'),
})

export function connectionOut(connection: Connection): Members {
  const details = [...valuesOf(connection.details)]
    .filter(([name]) => !SECRET_DETAILS.has(name))
    .map(([name, value]): [string, JsonOut] => [
      name,
      name === 'connection_url' && typeof value === 'string' ? withoutPassword(value) : value,
    ])
  return new Map<string, JsonOut>([
    ['allowed_roles', connection.allowedRoles],
    ['connection_details', new RawJson(stringify(new Map(details.toSorted(([a], [b]) => (a < b ? -1 : 1)))))],
    ['password_policy', connection.passwordPolicy],
    ['plugin_name', connection.pluginName],
    ['plugin_version', connection.pluginVersion],
    ['root_credentials_rotate_statements', connection.rootRotationStatements],
    ['skip_static_role_import_rotation', connection.skipImportRotation],
    ['verify_connection', connection.verifyConnection],
  ])
}

/** As Go redacts a URL; and likewise MySQL's `user:password@tcp(…)/` and libpq's `password=…`. Templates are no passwords. */
export function withoutPassword(url: string): string {
  const hidden = (whole: string, before: string, value: string, after = ''): string =>
    value === '{{password}}' ? whole : `${before}xxxxx${after}`
  return url
    .replace(/^(\w+:\/\/[^/?#:@]*:)([^/?#]*)(@)/, hidden)
    .replace(/^([^:@/=]*:)(?!\/\/)(.*)(@\w*(?:\([^()]*\))?\/[^@]*)$/, hidden)
    .replace(/((?:^|[?&\s])(?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|[^&\s]*)()/g, hidden)
}

export function hasPassword(url: string): boolean {
  return withoutPassword(url) !== url
}

export const roleReply = replySchema('A role.', {
  creation_statements: f.list('Statements that make a user.'),
  credential_config: f.map('What the type of credential can be told.'),
  credential_type: f.string('What users prove themselves with.'),
  db_name: f.string('The connection.'),
  default_ttl: f.int('Seconds that a user lives.'),
  max_ttl: f.int('Seconds that he lives at most.'),
  renew_statements: f.list('Statements that prolong his life.'),
  revocation_statements: f.list('Statements that remove him.'),
  rollback_statements: f.list('Statements that remove one whose making failed.'),
})

export function roleOut(role: Role): Members {
  return new Map<string, JsonOut>([
    ['creation_statements', role.creation],
    ...configOut(role.credentialConfig),
    ['credential_type', role.credentialType],
    ['db_name', role.dbName],
    ['default_ttl', role.defaultTtl],
    ['max_ttl', role.maxTtl],
    ['renew_statements', role.renewal],
    ['revocation_statements', role.revocation],
    ['rollback_statements', role.rollback],
  ])
}

export const staticRoleReply = replySchema('A static role.', {
  credential_config: f.map('What the type of credential can be told.'),
  credential_type: f.string('What the user proves himself with.'),
  db_name: f.string('The connection.'),
  last_vault_rotation: f.time('When he was last given a new one.'),
  rotation_period: f.int('Seconds between two.'),
  rotation_schedule: f.string('Or when, in the way of cron.'),
  rotation_statements: f.list('Statements that give him a new one.'),
  rotation_window: f.int('Seconds after the time of the schedule within which it may be done.'),
  skip_import_rotation: f.bool('Whether he kept the password that he had.'),
  username: f.string('The user.'),
})

export function staticRoleOut(role: StaticRole): Members {
  return new Map<string, JsonOut>([
    ...configOut(role.credentialConfig),
    ['credential_type', role.credentialType],
    ['db_name', role.dbName],
    ...lastOut(role),
    ...timingOut(role),
    ['rotation_statements', role.rotation],
    ...windowOut(role),
    ['skip_import_rotation', role.skipImport],
    ['username', role.username],
  ])
}

export const staticCredsReply = replySchema('The credential of a static role.', {
  last_vault_rotation: f.time('When it was made.'),
  password: f.string('The password.').sensitive(),
  rotation_period: f.int('Seconds between two.'),
  rotation_schedule: f.string('Or when, in the way of cron.'),
  rotation_window: f.int('Seconds after the time of the schedule within which it may be replaced.'),
  rsa_private_key: f.string('The private key.').sensitive(),
  ttl: f.int('Seconds until it is replaced.'),
  username: f.string('The user.'),
})

export function staticCredsOut(role: StaticRole, now: number): Members {
  const isKey = role.credentialType === 'rsa_private_key'
  return new Map<string, JsonOut>([
    ...lastOut(role),
    ...(isKey ? [] : [['password', role.password] as const]),
    ...timingOut(role),
    ...windowOut(role),
    ...(isKey ? [['rsa_private_key', role.privateKey] as const] : []),
    ['ttl', ttlOf(role, now)],
    ['username', role.username],
  ])
}

export const credsReply = replySchema('A user, lent.', {
  client_certificate: f.string('His certificate.'),
  password: f.string('His password.').sensitive(),
  private_key: f.string('The key of the certificate.').sensitive(),
  private_key_type: f.string('Its kind.'),
  rsa_private_key: f.string('His private key.').sensitive(),
  username: f.string('His name.'),
})

export const reloadReply = replySchema('What was reloaded.', {
  connections: f.list('Connections that were made anew.'),
  count: f.int('How many.'),
  reload_failed: f.list('Connections that could not be.'),
  reload_failed_count: f.int('How many of them.'),
})

function configOut(config: RawJson): readonly (readonly [string, JsonOut])[] {
  const values = [...valuesOf(config)].filter(([name]) => name !== 'ca_private_key')
  return values.length === 0 ? [] : [['credential_config', new RawJson(stringify(new Map(values)))]]
}

function lastOut({ lastRotation }: StaticRole): readonly (readonly [string, JsonOut])[] {
  return lastRotation === 0 ? [] : [['last_vault_rotation', rfc3339(lastRotation)]]
}

function timingOut({ schedule, period }: StaticRole): readonly (readonly [string, JsonOut])[] {
  return schedule === '' ? [['rotation_period', period]] : [['rotation_schedule', schedule]]
}

function windowOut({ schedule, window }: StaticRole): readonly (readonly [string, JsonOut])[] {
  return schedule === '' || window === 0 ? [] : [['rotation_window', window]]
}
