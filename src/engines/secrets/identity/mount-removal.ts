/** What a removed mount leaves behind here: aliases that nobody can log in by any more. Views are those of the mount. */
import type { WriteView } from '#framework'
import { putEntity } from './entities.ts'
import { clearMembers, putGroup } from './groups.ts'
import { aliasFactors, entities, groupFactors, groups } from './store.ts'

/** Aliases removed in one transaction: short enough that no other request waits. */
const BATCH = 200

/** Removes some of them, and says whether there may be more. */
export async function removeAliasesOf(view: WriteView, accessor: string, now: string): Promise<boolean> {
  const found = await aliasFactors.scan(view, `${accessor}/`, { limit: BATCH })
  for (const key of found) {
    const reference = await aliasFactors.get(view, { accessor, key })
    const entity = reference && (await entities.get(view, reference))
    aliasFactors.delete(view, { accessor, key })
    if (entity === undefined) continue
    const aliases = entity.aliases.filter((alias) => alias.mount_accessor !== accessor)
    putEntity(view, { ...entity, aliases, updated: now }, entity)
  }
  if (found.length === BATCH) return true
  for (const key of await groupFactors.scan(view, `${accessor}/`)) {
    const reference = await groupFactors.get(view, { accessor, key })
    const group = reference && (await groups.get(view, reference))
    groupFactors.delete(view, { accessor, key })
    if (group === undefined) continue
    // Who is in the group was said by log-ins at that mount, and nothing will take it back.
    await clearMembers(view, group.id)
    putGroup(view, { ...group, alias: undefined, updated: now }, group)
  }
  return false
}
