/** Keys of entities that become one. Views are those of the mount. */
import type { WriteView } from '#framework'
import { secretErrors } from './errors.ts'
import { totpSecrets, totpTries } from './store.ts'

export interface MergedEntities {
  readonly to: string
  readonly from: readonly string[]
  /** Where both have a key for a method, that of the entity that stays is kept. */
  readonly force: boolean
}

/** Telephones go on as they are. Throws `MFA_SECRET_CONFLICT` where two keys for one method would be one. */
export async function mergeSecrets(view: WriteView, { to, from, force }: MergedEntities): Promise<void> {
  for (const entity of new Set(from)) {
    for (const method of await totpSecrets.list(view, `${entity}/`)) {
      const [old, kept] = [
        { entity, method },
        { entity: to, method },
      ]
      const secret = await totpSecrets.get(view, old)
      const tries = await totpTries.get(view, old)
      const isTaken = await totpSecrets.has(view, kept)
      if (isTaken && !force) throw secretErrors.CONFLICT(old)
      if (!isTaken && secret !== undefined) totpSecrets.put(view, kept, secret)
      if (!isTaken && tries !== undefined) totpTries.put(view, kept, tries)
      totpSecrets.delete(view, old)
      totpTries.delete(view, old)
    }
  }
}
