/** Roles of auth methods and of secrets engines, and what else lies in a mount by its name: `role "corp/alice" { … }`. */
import type { Kind, Subject } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import type { Fields } from '../value.ts'
import type { MountAtHand, MountClass, World } from '../world.ts'
import { roleRows, type RoleRow } from './role-rows.ts'

interface Place {
  readonly what: MountClass
  readonly mount: MountAtHand
  readonly row: RoleRow
  readonly name: string
}

export const role: Kind = {
  block: 'role',
  label: 'a mount and a name in it',
  id: (label) => label.replace(/^\/+/, ''),
  subject: async (id, world) => roleSubject(await placeOf(id, world), world),
  list,
  canonical: async (id, world) => idOf(await placeOf(id, world), world),
  rank: async (id, world) => ((await placeOf(id, world)).row.first === true ? 0 : 1),
  scope: async (id, world) => {
    const { what, mount, row } = await placeOf(id, world)
    return `${what} ${mount.path} ${row.folder}`
  },
}

/** A label begins with the path of a mount, of a secrets engine or an auth method; what begins with `auth/` is of an auth method. */
async function placeOf(id: string, world: World): Promise<Place> {
  const isAuth = id.startsWith('auth/')
  const inAuth = await world.mountOf('auth', isAuth ? id.slice('auth/'.length) : id)
  const inMounts = isAuth ? undefined : await world.mountOf('mounts', id)
  if (inAuth !== undefined && inMounts?.mount.path === inAuth.mount.path)
    throw new DeclarationError(
      `a secrets engine and an auth method are both at ${inAuth.mount.path}: write "auth/${id}" for the auth method`,
    )
  const longer = (inMounts?.mount.path.length ?? 0) > (inAuth?.mount.path.length ?? 0)
  const found = longer ? inMounts : inAuth
  if (found === undefined) throw new DeclarationError(`no mount is at the beginning of "${id}"`)
  return placeIn(longer ? 'mounts' : 'auth', found.mount, found.rest)
}

function placeIn(what: MountClass, mount: MountAtHand, rest: string): Place {
  const rows = roleRows.get(`${what} ${mount.type}`) ?? []
  const named = rows.find(({ folder }) => rest.startsWith(`${folder}/`) && rest.length > folder.length + 1)
  const row = named ?? rows[0]
  if (row === undefined)
    throw new DeclarationError(`nothing can be declared in ${mount.path}, which is of type "${mount.type}"`)
  return { what, mount, row, name: named === undefined ? rest : rest.slice(row.folder.length + 1) }
}

function pathOf({ what, mount, row, name }: Place): string {
  return `${what === 'auth' ? 'auth/' : ''}${mount.path}${row.folder}/${name}`
}

function roleSubject(place: Place, world: World): Subject {
  const { what, mount, row } = place
  const path = pathOf(place)
  const { configured, settable } = row
  const isConfigured = (field: string): boolean => configured?.fields.includes(field) === true
  const configure = async (fields: Fields): Promise<void> => {
    const wanted = only(fields, isConfigured)
    if (configured !== undefined && wanted.size > 0) await world.write(`${path}/${configured.below}`, wanted)
  }
  return {
    table: row.table,
    open: true,
    ...(settable === undefined ? {} : { settable }),
    read: async () => {
      if (!(await world.mounts(what)).has(mount.path)) return undefined
      const fields = await world.read(path)
      return fields === undefined ? undefined : (row.flat?.(fields) ?? fields)
    },
    create: async (fields) => {
      await world.write(
        path,
        only(fields, (field) => !isConfigured(field)),
      )
      await configure(fields)
    },
    update: async (changed, fields) => {
      // A role that has a configuration of its own is not written again: all that can be changed is there.
      if (configured !== undefined) await world.write(`${path}/${configured.below}`, changed)
      else await world.write(path, fields)
    },
    remove: () => world.remove(path),
  }
}

function only(fields: Fields, accept: (field: string) => boolean): Fields {
  return new Map([...fields].filter(([field]) => accept(field)))
}

async function list(world: World): Promise<readonly string[]> {
  const out: string[] = []
  for (const what of ['auth', 'mounts'] as const) {
    for (const mount of (await world.mounts(what)).values()) {
      const rows = roleRows.get(`${what} ${mount.type}`) ?? []
      for (const row of rows) {
        const names = await world.list(`${what === 'auth' ? 'auth/' : ''}${mount.path}${row.folder}`)
        for (const name of names) out.push(await idOf({ what, mount, row, name }, world))
      }
    }
  }
  return out
}

/** The shortest that says it: without the folder that is meant anyway. */
async function idOf({ what, mount, row, name }: Place, world: World): Promise<string> {
  const isUsual = roleRows.get(`${what} ${mount.type}`)?.[0] === row
  return `${await prefix(what, mount, world)}${isUsual ? '' : `${row.folder}/`}${name}`
}

/** With `auth/` only where it is needed to tell. */
async function prefix(what: MountClass, mount: MountAtHand, world: World): Promise<string> {
  const ambiguous = what === 'auth' && (await world.mounts('mounts')).has(mount.path)
  return ambiguous ? `auth/${mount.path}` : mount.path
}
