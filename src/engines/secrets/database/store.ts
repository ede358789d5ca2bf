/**
 * Where a mount keeps what it knows, and how. Nothing else spells these keys.
 *
 *     config/<name>              a connection
 *     retired/<name>             one that was deleted while users made over it were still lent
 *     role/<name>                a role whose users come and go
 *     static-role/<name>         a role whose user stays and gets new passwords
 *     due/<time>/<name>          when a static role is to be rotated, in the order of time
 *     undo/<id>                  a user who is being made; taken back where no lease came to own him
 *     lent/<connection>/<id>     a user whom a lease owns
 *     rotation/<name>            a static role's new credential, before the database is told of it
 *     root-rotation/<name>       a connection's new password, likewise
 */
import { collection, f, type Infer, type ReadView, type WriteView } from '#framework'
import { CREDENTIAL_TYPES } from './plugins/plugin.ts'

const connectionFields = {
  pluginName: f.string(),
  pluginVersion: f.string(),
  /** What the plugin is told, without the secrets. */
  details: f.map(),
  secrets: f.map(),
  allowedRoles: f.list(),
  rootRotationStatements: f.list(),
  passwordPolicy: f.string(),
  verifyConnection: f.bool(),
  skipImportRotation: f.bool(),
  /** Another with each change: connections that were made by an older one are not used any more. */
  revision: f.string(),
} as const
export type Connection = Infer<typeof connectionFields>
export const connections = collection('config/{name}', connectionFields)
export const retired = collection('retired/{name}', connectionFields)

const roleFields = {
  dbName: f.string(),
  creation: f.list(),
  revocation: f.list(),
  rollback: f.list(),
  renewal: f.list(),
  /** Seconds. */
  defaultTtl: f.int(),
  maxTtl: f.int(),
  credentialType: f.enum(CREDENTIAL_TYPES),
  credentialConfig: f.map(),
} as const
export type Role = Infer<typeof roleFields>
export const roles = collection('role/{name}', roleFields)

const staticRoleFields = {
  dbName: f.string(),
  username: f.string(),
  rotation: f.list(),
  /** Seconds; 0 where there is a schedule. */
  period: f.int(),
  schedule: f.string(),
  /** Seconds; 0 for no window. */
  window: f.int(),
  credentialType: f.enum(CREDENTIAL_TYPES),
  credentialConfig: f.map(),
  skipImport: f.bool(),
  password: f.string(),
  privateKey: f.string(),
  /** Wall clock, ms; 0 for never. */
  lastRotation: f.int(),
  nextRotation: f.int(),
  /** Its place in the order of what is due: `nextRotation`, or later after failures. */
  dueAt: f.int(),
} as const
export type StaticRole = Infer<typeof staticRoleFields>
const staticRoleRecords = collection('static-role/{name}', staticRoleFields)

const DUE = 'due/'
/** Of milliseconds, until the year 2286. */
const DIGITS = 13

function dueKey(at: number, name: string): string {
  return `${DUE}${String(Math.max(at, 0)).padStart(DIGITS, '0')}/${name}`
}

export const due = {
  put: (view: WriteView, at: number, name: string): void => view.put(dueKey(at, name), new Uint8Array(0)),
  delete: (view: WriteView, at: number, name: string): void => view.delete(dueKey(at, name)),
  /** Names that are due by `now`, the longest due first. */
  async by(
    view: ReadView,
    now: number,
    limit: number,
  ): Promise<readonly { readonly at: number; readonly name: string }[]> {
    const keys = await view.keys(DUE, { limit })
    return keys
      .map((key) => ({
        at: Number(key.slice(DUE.length, DUE.length + DIGITS)),
        name: key.slice(DUE.length + DIGITS + 1),
      }))
      .filter(({ at }) => at <= now)
  },
} as const

export const staticRoles = {
  get: staticRoleRecords.get,
  has: staticRoleRecords.has,
  list: staticRoleRecords.list,
  /** With its place among what is due. */
  put(view: WriteView, name: string, role: StaticRole, before: StaticRole | undefined): void {
    if (before !== undefined) due.delete(view, before.dueAt, name)
    due.put(view, role.dueAt, name)
    staticRoleRecords.put(view, { name }, role)
  },
  delete(view: WriteView, name: string, role: StaticRole): void {
    due.delete(view, role.dueAt, name)
    staticRoleRecords.delete(view, { name })
  },
} as const

const undoFields = {
  connection: f.string(),
  username: f.string(),
  rollback: f.list(),
  revocation: f.list(),
  /** Wall clock, ms. */
  createdAt: f.int(),
  /** The process that makes him. */
  epoch: f.string(),
  /** He is being taken back: no lease may own him any more. */
  undoing: f.bool(),
} as const
export type Undo = Infer<typeof undoFields>
export const undoEntries = collection('undo/{id}', undoFields)

export const lent = collection('lent/{connection}/{id}', { username: f.string() })

const rotationFields = {
  username: f.string(),
  password: f.string(),
  publicKey: f.string(),
  privateKey: f.string(),
  /** Passwords of earlier attempts, of which nobody knows whether one was taken. */
  earlier: f.list(),
  /** How often in a row it could not be set, and how often of these the database said no. */
  failures: f.int(),
  refusals: f.int(),
  /** The role to be made, where it is its first. */
  creating: f.object(staticRoleFields).optional(),
} as const
export type Rotation = Infer<typeof rotationFields>
export const rotations = collection('rotation/{name}', rotationFields)

const rootRotationFields = {
  oldPassword: f.string(),
  newPassword: f.string(),
  createdAt: f.int(),
} as const
export type RootRotation = Infer<typeof rootRotationFields>
export const rootRotations = collection('root-rotation/{name}', rootRotationFields)
