/** Under which name an auth method knows an entity, or an external group: `alias "corp/alice" { entity = "alice" }`. */
import { types, type FieldTable } from '../field.ts'
import type { Kind, Subject } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import { textAt, type Fields } from '../value.ts'
import type { MountAtHand, World } from '../world.ts'

const table: FieldTable = {
  entity: { type: types.text },
  group: { type: types.text },
  custom_metadata: { type: types.map },
}

const OWNERS = ['entity', 'group'] as const
type Owner = (typeof OWNERS)[number]

export const alias: Kind = {
  block: 'alias',
  label: 'an auth method and a name in it',
  id: (label) => label.replace(/^\/+/, ''),
  subject: async (id, world, declared) => {
    const place = await placeOf(id, world)
    return aliasSubject(place, ownerIn(declared) ?? (await ownerOf(id, world)), world)
  },
  list: async (world) => [...(await owned('entity', world)), ...(await owned('group', world))].map(({ id }) => id),
  scope: async (id, world) => (await placeOf(id, world)).mount.path,
  // One that a log-in made belongs to an entity that no file speaks of.
  mayPrune: async (id, world, isDeclared) => {
    for (const owner of OWNERS) {
      const found = (await owned(owner, world)).find((one) => one.id === id)
      if (found !== undefined) return isDeclared(owner, found.owner)
    }
    return false
  },
}

function ownerIn(declared: Fields): Owner | undefined {
  const given = OWNERS.filter((owner) => textAt(declared, owner) !== '')
  if (given.length > 1) throw new DeclarationError('an alias is of an entity or of a group, not of both')
  return given[0]
}

/** Of one that is there already. */
async function ownerOf(id: string, world: World): Promise<Owner> {
  for (const owner of OWNERS) if ((await owned(owner, world)).some((one) => one.id === id)) return owner
  throw new DeclarationError('an alias takes entity = "NAME" or group = "NAME"')
}

interface Place {
  readonly mount: MountAtHand
  readonly name: string
}

async function placeOf(id: string, world: World): Promise<Place> {
  const found = await world.mountOf('auth', id)
  if (found === undefined) throw new DeclarationError(`no auth method is at the beginning of "${id}"`)
  return { mount: found.mount, name: found.rest }
}

function aliasSubject({ mount, name }: Place, owner: Owner, world: World): Subject {
  const id = async (): Promise<string | undefined> => {
    const found = (await aliasesOf(owner, world)).find(
      ([, about]) => textAt(about, 'name') === name && textAt(about, 'mount_accessor') === mount.accessor,
    )
    return found?.[0]
  }
  const path = `identity/${owner}-alias`
  const body = async (fields: Fields): Promise<Fields> =>
    new Map([
      ['name', name],
      ['mount_accessor', await accessorOf(mount, world)],
      ['canonical_id', await world.idOf(owner, textAt(fields, owner))],
      ...[...fields].filter(([field]) => field === 'custom_metadata'),
    ])
  return {
    table,
    read: async () => {
      const known = mount.accessor === undefined ? undefined : await id()
      const fields = known === undefined ? undefined : await world.read(`${path}/id/${known}`)
      if (fields === undefined) return undefined
      return new Map([...fields, [owner, (await world.nameOf(owner, textAt(fields, 'canonical_id'))) ?? '']])
    },
    create: async (fields) => void (await world.write(path, await body(fields))),
    update: async (_, fields) => void (await world.write(`${path}/id/${(await id()) ?? ''}`, await body(fields))),
    remove: async () => world.remove(`${path}/id/${(await id()) ?? ''}`),
  }
}

/** Of a mount that was made just now, too. */
async function accessorOf(mount: MountAtHand, world: World): Promise<string> {
  const accessor = mount.accessor ?? (await world.mounts('auth')).get(mount.path)?.accessor
  if (accessor === undefined) throw new DeclarationError(`there is no auth method at ${mount.path}`)
  return accessor
}

function aliasesOf(owner: Owner, world: World): Promise<readonly (readonly [string, Fields])[]> {
  return world.listed(`identity/${owner}-alias/id`)
}

interface Owned {
  readonly id: string
  readonly owner: string
}

async function owned(owner: Owner, world: World): Promise<readonly Owned[]> {
  const mounts = [...(await world.mounts('auth')).values()]
  const out: Owned[] = []
  for (const [, about] of await aliasesOf(owner, world)) {
    const mount = mounts.find(({ accessor }) => accessor === textAt(about, 'mount_accessor'))
    const name = await world.nameOf(owner, textAt(about, 'canonical_id'))
    if (mount !== undefined && name !== undefined) out.push({ id: mount.path + textAt(about, 'name'), owner: name })
  }
  return out
}
