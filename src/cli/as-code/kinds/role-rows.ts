/** Where the roles of each type of engine lie, and what is special about their fields. */
import { types, type FieldTable } from '../field.ts'
import type { Fields, Value } from '../value.ts'
import { isMap } from '../value.ts'

export interface RoleRow {
  /** The folder of the mount that the roles lie in; the first of a mount's rows is meant where a label names none. */
  readonly folder: string
  /** The others of the mount rely on it. */
  readonly first?: true
  readonly table: FieldTable
  /** Which of the fields that a server answers can be set; all of them where it is left out. */
  readonly settable?: readonly string[]
  /** Fields that a write of the role doesn't take, but one of its configuration below it. */
  readonly configured?: { readonly below: string; readonly fields: readonly string[] }
  /** The fields of an answer, where it has them in another place than a write. */
  readonly flat?: (answer: Fields) => Fields
}

const secret = { type: types.text, secret: true } as const
const fixed = { type: types.text, fixed: true } as const
const fixedFlag = { type: types.flag, fixed: true } as const

/** What all roles that tokens are made by have in common. */
const tokens: FieldTable = {
  token_policies: { type: types.names },
  token_bound_cidrs: { type: types.cidrs },
  token_ttl: { type: types.seconds },
  token_max_ttl: { type: types.seconds },
  token_explicit_max_ttl: { type: types.seconds },
  token_period: { type: types.seconds },
  token_num_uses: { type: types.whole },
  token_no_default_policy: { type: types.flag },
  token_type: { type: types.text, initial: 'default' },
}

const userpass: RoleRow = {
  folder: 'users',
  table: { ...tokens, password: { ...secret, needed: true }, password_hash: secret },
}

const approle: RoleRow = {
  folder: 'role',
  table: {
    ...tokens,
    bind_secret_id: { type: types.flag, initial: true },
    local_secret_ids: fixedFlag,
    secret_id_bound_cidrs: { type: types.cidrs },
    secret_id_num_uses: { type: types.whole },
    secret_id_ttl: { type: types.seconds },
  },
}

const token: RoleRow = {
  folder: 'roles',
  table: {
    ...tokens,
    allowed_policies: { type: types.names },
    allowed_policies_glob: { type: types.names },
    disallowed_policies: { type: types.names },
    disallowed_policies_glob: { type: types.names },
    allowed_entity_aliases: { type: types.names },
    orphan: { type: types.flag },
    path_suffix: { type: types.text },
    renewable: { type: types.flag, initial: true },
    token_type: { type: types.text, initial: 'default-service' },
  },
  settable: [
    'allowed_entity_aliases',
    'allowed_policies',
    'allowed_policies_glob',
    'disallowed_policies',
    'disallowed_policies_glob',
    'orphan',
    'path_suffix',
    'renewable',
    'token_bound_cidrs',
    'token_explicit_max_ttl',
    'token_no_default_policy',
    'token_num_uses',
    'token_period',
    'token_type',
  ],
}

const transit: RoleRow = {
  folder: 'keys',
  table: {
    type: { ...fixed, initial: 'aes256-gcm96' },
    derived: fixedFlag,
    convergent_encryption: fixedFlag,
    context: secret,
    key_size: { type: types.whole, fixed: true },
    parameter_set: fixed,
    exportable: { type: types.flag },
    allow_plaintext_backup: { type: types.flag },
    auto_rotate_period: { type: types.seconds },
    deletion_allowed: { type: types.flag },
    min_decryption_version: { type: types.whole, initial: 1 },
    min_encryption_version: { type: types.whole },
  },
  settable: [
    'type',
    'derived',
    'convergent_encryption',
    'exportable',
    'allow_plaintext_backup',
    'auto_rotate_period',
    'deletion_allowed',
    'min_decryption_version',
    'min_encryption_version',
  ],
  configured: { below: 'config', fields: ['deletion_allowed', 'min_decryption_version', 'min_encryption_version'] },
}

const databaseRole: RoleRow = {
  folder: 'roles',
  table: {
    db_name: { type: types.text, needed: true },
    creation_statements: { type: types.list },
    revocation_statements: { type: types.list },
    rollback_statements: { type: types.list },
    renew_statements: { type: types.list },
    default_ttl: { type: types.seconds },
    max_ttl: { type: types.seconds },
    credential_type: { type: types.text, initial: 'password' },
    credential_config: { type: types.map },
  },
}

const databaseStatic: RoleRow = {
  folder: 'static-roles',
  table: {
    db_name: { type: types.text, needed: true },
    username: fixed,
    password: secret,
    self_managed_password: secret,
    rotation_period: { type: types.seconds },
    rotation_schedule: { type: types.text },
    rotation_window: { type: types.seconds },
    rotation_statements: { type: types.list },
    credential_type: { type: types.text, initial: 'password' },
    credential_config: { type: types.map },
  },
  settable: [
    'db_name',
    'username',
    'rotation_period',
    'rotation_schedule',
    'rotation_window',
    'rotation_statements',
    'credential_type',
    'credential_config',
  ],
}

const databaseConfig: RoleRow = {
  folder: 'config',
  first: true,
  table: {
    plugin_name: { type: types.text, needed: true },
    allowed_roles: { type: types.set },
    root_rotation_statements: { type: types.list },
    verify_connection: { type: types.flag, initial: true },
    password_policy: { type: types.text },
    password: secret,
    tls_certificate: secret,
    tls_certificate_key: secret,
    private_key: secret,
    service_account_json: secret,
  },
  flat: (answer) => {
    const details = answer.get('connection_details')
    const inner: ReadonlyMap<string, Value> = isMap(details) ? details : new Map()
    return new Map([...[...answer].filter(([name]) => name !== 'connection_details'), ...inner])
  },
}

const totp: RoleRow = {
  folder: 'keys',
  table: {
    generate: fixedFlag,
    exported: { type: types.flag, fixed: true, secret: true },
    key: secret,
    url: secret,
    key_size: { type: types.whole, fixed: true },
    issuer: fixed,
    account_name: fixed,
    period: { type: types.seconds, fixed: true, initial: 30 },
    algorithm: { ...fixed, initial: 'SHA1' },
    digits: { type: types.whole, fixed: true, initial: 6 },
    skew: { type: types.whole, fixed: true, initial: 1 },
  },
}

/** By `auth` or `mounts` and the type of the mount. */
export const roleRows: ReadonlyMap<string, readonly RoleRow[]> = new Map([
  ['auth userpass', [userpass]],
  ['auth approle', [approle]],
  ['auth token', [token]],
  ['mounts transit', [transit]],
  ['mounts database', [databaseRole, databaseStatic, databaseConfig]],
  ['mounts totp', [totp]],
])
