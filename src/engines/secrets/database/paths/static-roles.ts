import { definePath, done, entryOf, f, namesOf, none, type Infer, type PathDefinition, type ReadView } from '#framework'
import { credentialConfig } from '../credentials.ts'
import { assertServes, isSelfManaged } from '../domain.ts'
import { databaseErrors } from '../errors.ts'
import { databaseEvent } from '../events.ts'
import { connectionOf } from '../issuing.ts'
import type { Shared } from '../ports.ts'
import { keysReply, staticRoleOut, staticRoleReply } from '../replies.ts'
import { rotate } from '../rotation.ts'
import { nextRotation, parseSchedule } from '../schedule.ts'
import { roles, rotations, staticRoles, type StaticRole } from '../store.ts'
import { changedCredential, sharedRoleFields } from './roles.ts'

const fields = {
  ...sharedRoleFields,
  username: f.string('The user, who must be there.').default(''),
  rotation_period: f.duration('How long a credential is good for; 5 seconds at least.').optional(),
  rotation_schedule: f
    .string('Or when it is replaced: minute, hour, day, month and day of the week, in UTC.')
    .optional(),
  rotation_window: f
    .duration('With a schedule: how long after its time it may be done; an hour at least, 0 for no limit.')
    .optional(),
  rotation_statements: f.list('Statements that give the user a new one; the plugin knows some of its own.').optional(),
  skip_import_rotation: f.bool('Let the user keep the password that he has until the first rotation.').optional(),
  self_managed_password: f
    .string('His password as it is, where the connection is self-managed.')
    .sensitive()
    .optional(),
  password: f.string('The password that he has, where it is kept.').sensitive().optional(),
} as const

type Given = Infer<typeof fields>
const MIN_PERIOD = 5
const MIN_WINDOW = 3600

const newRole: StaticRole = Object.freeze({
  dbName: '',
  username: '',
  rotation: [],
  period: 0,
  schedule: '',
  window: 0,
  credentialType: 'password',
  credentialConfig: credentialConfig('password', new Map()),
  skipImport: false,
  password: '',
  privateKey: '',
  lastRotation: 0,
  nextRotation: 0,
  dueAt: 0,
})

export function staticRolePaths(shared: Shared): readonly PathDefinition[] {
  const list = definePath('static-roles', { help: 'Roles whose users stay.', params: {} }).list({
    summary: 'List the static roles.',
    operationId: 'database-list-static-roles',
    ...namesOf(staticRoles, keysReply),
  })
  const role = definePath('static-roles/{name}', {
    help: 'A static role: a user of a database who is given new passwords.',
    params: { name: f.name('Name of the static role.') },
    exists: (c) => staticRoles.has(c.view, c.params),
  })
    .read({
      summary: 'Read a static role.',
      operationId: 'database-read-static-role',
      replies: { 200: staticRoleReply },
      run: entryOf(staticRoles, staticRoleOut),
    })
    .write({
      summary: 'Create or change a static role. A new one gives its user a new password at once.',
      operationId: 'database-write-static-role',
      fields,
      replies: { 204: none },
      prepare: async (c) => {
        const { name } = c.params
        const created = await asked(c.view, name, c.in, c.clock.now())
        if (created === undefined) return 'change'
        if (created.skipImport) return 'change'
        await rotate(c, shared, name, { creating: created })
        return 'made'
      },
      run: async (c, prepared) => {
        if (prepared === 'made') return done()
        const { name } = c.params
        const before = await staticRoles.get(c.view, { name })
        const after = before === undefined ? await asked(c.view, name, c.in, c.clock.now()) : changed(before, c.in)
        if (after === undefined) return done()
        staticRoles.put(c.view, name, after, before)
        c.emit(databaseEvent(before === undefined ? 'static-role-create' : 'static-role-update', c.path, name))
        return done()
      },
    })
    .delete({
      summary: 'Delete a static role. Its user stays as he is.',
      operationId: 'database-delete-static-role',
      replies: { 204: none },
      run: async (c) => {
        const { name } = c.params
        const found = await staticRoles.get(c.view, { name })
        if (found !== undefined) staticRoles.delete(c.view, name, found)
        rotations.delete(c.view, { name })
        c.emit(databaseEvent('static-role-delete', c.path, name))
        return done()
      },
    })
  return [list, role]
}

/** The role that is to be made; undefined where there is one already, and what is asked of it is right. */
async function asked(view: ReadView, name: string, given: Given, now: number): Promise<StaticRole | undefined> {
  if (await roles.has(view, { name })) throw databaseErrors.NAMES_UNIQUE()
  const before = await staticRoles.get(view, { name })
  const after = changed(before ?? newRole, given)
  if (before !== undefined) return undefined
  const connection = await connectionOf(view, after.dbName)
  assertServes(connection, name, after.credentialType)
  const own = given.self_managed_password ?? ''
  if (isSelfManaged(connection) && own === '') throw databaseErrors.SELF_MANAGED()
  if (!isSelfManaged(connection) && own !== '') throw databaseErrors.NOT_SELF_MANAGED()
  const skipImport = given.skip_import_rotation ?? connection.skipImportRotation
  const next = nextRotation(after, now)
  const password = own === '' ? (skipImport ? (given.password ?? '') : '') : own
  // Until it has a credential of its own it has no place among what is due.
  return { ...after, skipImport, password, nextRotation: next, dueAt: skipImport ? next : 0 }
}

function changed(before: StaticRole, given: Given): StaticRole {
  const creating = before.username === ''
  const dbName = given.db_name ?? before.dbName
  if (dbName === '') throw databaseErrors.STATIC_DB_NAME()
  if (given.username === '' && creating) throw databaseErrors.STATIC_USERNAME()
  if (!creating && before.username !== given.username) throw databaseErrors.STATIC_USERNAME_FIXED()
  const timing = timingOf(before, given, creating)
  const after = {
    ...before,
    dbName,
    username: given.username,
    ...timing,
    rotation: given.rotation_statements ?? before.rotation,
    ...changedCredential(given, before),
  }
  const sameTiming = timing.period === before.period && timing.schedule === before.schedule
  if (creating || sameTiming || before.lastRotation === 0) return { ...after, nextRotation: before.nextRotation }
  const next = nextRotation(after, before.lastRotation)
  return { ...after, nextRotation: next, dueAt: next }
}

function timingOf(
  before: StaticRole,
  given: Given,
  creating: boolean,
): Pick<StaticRole, 'period' | 'schedule' | 'window'> {
  const { rotation_period: period, rotation_schedule: schedule, rotation_window: window } = given
  if (period !== undefined && schedule !== undefined) throw databaseErrors.ROTATION_BOTH()
  if (creating && period === undefined && schedule === undefined) throw databaseErrors.ROTATION_NONE()
  if (period !== undefined) {
    if (period < MIN_PERIOD) throw databaseErrors.ROTATION_PERIOD()
    if (window !== undefined && window !== 0) throw databaseErrors.ROTATION_WINDOW_ALONE()
    return { period, schedule: '', window: 0 }
  }
  if (window !== undefined && window !== 0 && window < MIN_WINDOW) throw databaseErrors.ROTATION_WINDOW()
  if (schedule === undefined) {
    if (window !== undefined && window !== 0 && before.schedule === '') throw databaseErrors.ROTATION_WINDOW_ALONE()
    return { period: before.period, schedule: before.schedule, window: window ?? before.window }
  }
  if (parseSchedule(schedule) === undefined) throw databaseErrors.ROTATION_SCHEDULE()
  return { period: 0, schedule, window: window ?? before.window }
}
