/** The entity of a log-in, and its place in the groups that the log-in names. Views are those of the mount. */
import type { WriteView } from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import { foldIdentityName } from '../../../lib/identity-name.ts'
import type { LoginAlias } from '../../../request/token-ports.ts'
import { noMetadata, sameMetadata } from './domain.ts'
import { aliasByFactors, joinGroup, leaveGroup, newAlias, newEntity, putEntity } from './entities.ts'
import { identityErrors } from './errors.ts'
import { groupByFactors } from './groups.ts'
import { groups, memberships } from './store.ts'

/** Finds or makes it. The alias keeps the metadata of the last log-in. Rejects with `IDENTITY_ALIAS_NAME`. */
export async function entityOfLogin(view: WriteView, login: LoginAlias, now: number): Promise<string> {
  const { name, mount } = login
  if (foldIdentityName(name) === '') throw identityErrors.ALIAS_NAME()
  const metadata = login.metadata ?? noMetadata
  const at = rfc3339(now)
  const found = await aliasByFactors(view, mount.accessor, name)
  if (found === undefined) {
    const entity = await newEntity(view, mount.namespaceId, at)
    const alias = newAlias({ name, mount_accessor: mount.accessor, local: mount.local, metadata }, at)
    putEntity(view, { ...entity, aliases: [alias] }, undefined)
    return entity.id
  }
  const { entity, alias } = found
  if (!sameMetadata(alias.metadata, metadata)) {
    const changed = { ...alias, metadata, updated: at }
    const aliases = entity.aliases.map((one) => (one === alias ? changed : one))
    putEntity(view, { ...entity, aliases }, entity)
  }
  return entity.id
}

/**
 * The entity is in those external groups of the mount that have one of these aliases, and in no others of that mount. Groups of other
 * mounts and internal ones stay as they are.
 */
export async function refreshGroups(
  view: WriteView,
  entity: string,
  accessor: string,
  aliases: readonly string[],
): Promise<void> {
  const wanted = new Set<string>()
  for (const name of aliases) {
    const group = await groupByFactors(view, accessor, name)
    if (group?.type === 'external') wanted.add(group.id)
  }
  const present = new Set(await memberships.scan(view, `${entity}/`))
  for (const id of present) {
    if (wanted.has(id)) continue
    const group = await groups.get(view, { id })
    if (group?.type === 'external' && group.alias?.mount_accessor === accessor) leaveGroup(view, entity, id)
  }
  for (const id of wanted) if (!present.has(id)) joinGroup(view, entity, id)
}
