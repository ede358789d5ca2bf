import { lifetimeBy, type RenewalCall } from '#framework'
import { approleErrors } from './errors.ts'
import { roles } from './store.ts'

/** By the role as it is now. */
export async function renewal({ view, internal }: RenewalCall) {
  const name = internal.get('role_name') ?? ''
  const role = await roles.get(view, { name })
  if (role === undefined) throw approleErrors.RENEW_GONE({ name })
  return lifetimeBy(role)
}
