/** What the engine refuses, in Vault's sentences where it has one. */
import { defineErrors } from '#framework'

/** Vault's list form of a single error. */
function listed(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`
}

export const databaseErrors = defineErrors('DATABASE', {
  NO_PLUGIN_NAME: { status: 400, message: 'empty plugin name' },
  VERSION: {
    status: 400,
    message: (p: { version: string }) => `version ${JSON.stringify(p.version)} is not a valid semantic version`,
  },
  /** A connection that cannot be as it is described, or that did not come about. */
  CREATE: { status: 400, message: (p: { reason: string }) => `error creating database object: ${p.reason}` },
  NO_CONNECTION: {
    status: 400,
    message: (p: { name: string }) =>
      listed(`failed to find entry for connection with name: ${JSON.stringify(p.name)}`),
  },
  DB_NAME: { status: 400, message: 'database name is required' },
  STATIC_DB_NAME: { status: 400, message: 'database name is a required field' },
  NAMES_UNIQUE: { status: 400, message: 'Role and Static Role names must be unique' },
  CREDENTIAL_TYPE: {
    status: 400,
    message: (p: { type: string }) => `invalid credential_type ${JSON.stringify(p.type)}`,
  },
  CREDENTIAL_CONFIG: {
    status: 400,
    message: (p: { reason: string }) => `credential_config validation failed: ${p.reason}`,
  },
  CREDENTIAL_UNSUPPORTED: {
    status: 400,
    message: (p: { type: string }) => `unsupported credential_type: ${JSON.stringify(p.type)}`,
  },
  UNKNOWN_ROLE: { status: 400, message: (p: { name: string }) => `unknown role: ${p.name}` },
  NO_STATIC_ROLE: { status: 400, message: 'no static role found for role name' },
  ROLE_GONE: {
    status: 400,
    message: (p: { name: string }) => `error during renew: could not find role with name ${JSON.stringify(p.name)}`,
  },
  NOT_ALLOWED: {
    status: 400,
    message: (p: { name: string }) => listed(`${JSON.stringify(p.name)} is not an allowed role`),
  },
  EMPTY_CREATION: { status: 400, message: listed('empty creation statements') },
  PASSWORD: { status: 400, message: (p: { reason: string }) => listed(`failed to generate password: ${p.reason}`) },
  USERNAME: { status: 400, message: (p: { reason: string }) => listed(`unable to apply template: ${p.reason}`) },
  /** A statement that a value would change the meaning of. */
  STATEMENT: { status: 400, message: (p: { reason: string }) => listed(p.reason) },
  STATIC_USERNAME: { status: 400, message: 'username is a required field to create a static account' },
  STATIC_USERNAME_FIXED: { status: 400, message: 'cannot update static account username' },
  ROTATION_BOTH: {
    status: 400,
    message:
      'mutually exclusive fields rotation_period and rotation_schedule were both specified; only one of them can be provided',
  },
  ROTATION_NONE: {
    status: 400,
    message: 'one of rotation_schedule or rotation_period must be provided to create a static account',
  },
  ROTATION_PERIOD: { status: 400, message: 'rotation_period must be 5 seconds or more' },
  ROTATION_SCHEDULE: { status: 400, message: 'could not parse rotation_schedule' },
  ROTATION_WINDOW: { status: 400, message: 'rotation_window must be 3600 seconds or more' },
  ROTATION_WINDOW_ALONE: { status: 400, message: 'rotation_window is invalid with use of rotation_period' },
  SELF_MANAGED: {
    status: 400,
    message: 'self_managed_password is required for static roles of a self-managed connection',
  },
  NOT_SELF_MANAGED: {
    status: 400,
    message: 'self_managed_password is only allowed for static roles of a self-managed connection',
  },
  SELF_MANAGED_ONLY_STATIC: { status: 400, message: 'a self-managed connection has static roles only' },
  ROOT_USERNAME: {
    status: 400,
    message: listed('unable to rotate root credentials: no username in configuration'),
  },
  ROOT_PASSWORD: {
    status: 400,
    message: listed('unable to rotate root credentials: no password in configuration'),
  },
  NOTHING_TO_RELOAD: {
    status: 400,
    message: (p: { plugin: string }) => `no connections were found for plugin ${JSON.stringify(p.plugin)}`,
  },
  /** The database is away, or refused. */
  FAILED: { status: 500, message: (p: { what: string }) => listed(p.what) },
  ROTATION: {
    status: 500,
    message: (p: { reason: string }) =>
      listed(
        'unable to finish rotating credentials; retries will continue in the background but it is also safe to retry ' +
          `manually: ${p.reason}`,
      ),
  },
  /** The request took so long that what it had made was taken back. */
  TAKEN_BACK: { status: 503, message: listed('the request took too long; its user was removed again') },
})
