/** What quotas of all types take and show. */
import { f, replySchema } from '#framework'
import type { QuotaScope } from '../../request/quota-ports.ts'

export const quotaParams = { name: f.name('Name of the quota.') }

export const namesReply = replySchema('Names of quotas.', { keys: f.list('Their names.') })

export const scopeFields = {
  type: f.string('The type, which the path says, too.').default(''),
  path: f
    .string(
      'What it is for: empty for everything, or a namespace (`team/`), a mount (`team/auth/userpass`) or a path below one, which may end with `*`.',
    )
    .default(''),
  role: f.string('Only log-ins with this role, of the auth method at `path`.').default(''),
  inheritable: f.bool('Whether one for a namespace holds in those below it, too.').optional(),
}

export function scopeOf(given: {
  readonly path: string
  readonly role: string
  readonly inheritable: boolean | undefined
}): QuotaScope {
  const { path, role, inheritable } = given
  return { path, role, inheritable }
}
