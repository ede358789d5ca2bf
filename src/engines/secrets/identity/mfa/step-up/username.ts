/** What a service calls an entity, in the older form: by its alias at a mount. */
import type { IdentityFacts } from '../../../../../lib/identity-template.ts'
import { usernameOf } from '../username.ts'
import type { StepUpMethod } from './store.ts'

const OLDER = /\{\{\s*(alias|entity)\.(name|metadata\.([\w-]+))\s*\}\}/g

/** Undefined where the entity has nothing to put in: nobody is asked then, rather than somebody else. */
export function aliasNameOf(method: StepUpMethod, facts: IdentityFacts, now: number): string | undefined {
  const { entity } = facts
  const alias = entity?.aliases.find(({ mountAccessor }) => mountAccessor === method.mount_accessor)
  if (entity === undefined || alias === undefined) return undefined
  if (method.username_format === '') return alias.name
  if (!method.username_format.match(OLDER)) return usernameOf(method.username_format, facts, now)
  let isWhole = true
  const name = method.username_format.replace(OLDER, (_, of: string, what: string, key: string | undefined) => {
    const subject = of === 'alias' ? alias : entity
    const value = key === undefined || what === 'name' ? subject.name : subject.metadata.get(key)
    if (value === undefined || value === '') isWhole = false
    return value ?? ''
  })
  return isWhole && !name.includes('{{') ? name : undefined
}
