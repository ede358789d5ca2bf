import { lifetimeBy, samePolicies, type RenewalCall } from '#framework'
import { userpassErrors } from './errors.ts'
import { users } from './store.ts'

/** By the user as he is now. One who is gone, or who would get other policies, has to log in again. */
export async function renewal({ view, token, internal }: RenewalCall) {
  const user = await users.get(view, { username: internal.get('username') ?? '' })
  if (user === undefined) throw userpassErrors.RENEW_GONE()
  if (!samePolicies(user.token_policies, token.policies)) throw userpassErrors.RENEW_POLICIES()
  return lifetimeBy(user)
}
