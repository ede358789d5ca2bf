import { definePath, f, grant, grantBy, loginErrors, replySchema } from '#framework'
import { addressBound } from '../../../../lib/cidr.ts'
import {
  dummyHash,
  hashPassword,
  isAsMadeNow,
  longest,
  passwordMatches,
  type Algorithm,
} from '../../../../lib/password/password-hash.ts'
import { refusal, userpassErrors } from '../errors.ts'
import { algorithmOf, inTurn } from '../passwords.ts'
import { users, type User } from '../store.ts'

interface Verified {
  /** The hash that the password fits; undefined where it fits none. */
  readonly hash: string | undefined
  /** The same password hashed as is usual now, where the stored hash is of another kind. */
  readonly renewed: string | undefined
}

export const login = definePath('login/{username}', {
  help: 'Log in with a name and a password.',
  params: { username: f.lowerName('Name of the user.') },
  flags: { login: true },
}).write({
  summary: 'Log in.',
  fields: { password: f.string('The password.').default('').sensitive() },
  replies: { 200: replySchema('The token, in the member `auth`.', {}) },
  operationId: 'userpass-login',
  alias: (c) => c.params.username,
  role: { of: (c) => c.params.username },
  prepare: async (c): Promise<Verified> => {
    const { password } = c.in
    if (password === '') throw userpassErrors.MISSING_PASSWORD()
    const user = await users.get(c.view, c.params)
    return verify(password, user, user?.algorithm || algorithmOf(c.mount.options), c.request.signal())
  },
  run: async (c, { hash, renewed }) => {
    const { username } = c.params
    const user = await users.get(c.view, { username })
    if (user === undefined) throw loginErrors.UNKNOWN(refusal)
    // The password may have been changed since it was looked at.
    if (hash === undefined || user.hash !== hash) throw loginErrors.WRONG(refusal)
    if (!addressBound(user.token_bound_cidrs).allows(c.request.remoteAddress)) throw userpassErrors.ADDRESS()
    if (renewed !== undefined) users.put(c.view, { username }, { ...user, hash: renewed })
    return grant({
      ...grantBy(user),
      displayName: username,
      role: username,
      meta: new Map([['username', username]]),
      alias: { name: username },
      internal: new Map([['username', username]]),
    })
  },
})

/** As much work for a name that nobody has. */
async function verify(
  password: string,
  user: User | undefined,
  algorithm: Algorithm,
  signal: AbortSignal,
): Promise<Verified> {
  const hash = user?.hash ?? (await inTurn(dummyHash(algorithm)))
  if (!(await inTurn(passwordMatches(password, hash, signal)))) return { hash: undefined, renewed: undefined }
  const stays = isAsMadeNow(hash, algorithm) || Buffer.byteLength(password) > longest[algorithm]
  return { hash, renewed: stays ? undefined : await inTurn(hashPassword(password, algorithm)) }
}
