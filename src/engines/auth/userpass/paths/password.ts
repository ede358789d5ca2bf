import { definePath, done, f, none } from '#framework'
import { userpassErrors } from '../errors.ts'
import { algorithmOf, hashOf, passwordFields } from '../passwords.ts'
import { users } from '../store.ts'

export const password = definePath('users/{username}/password', {
  help: 'The password of a user.',
  params: { username: f.lowerName('Name of the user.') },
}).write({
  summary: 'Change the password of a user.',
  fields: passwordFields,
  replies: { 204: none },
  operationId: 'userpass-reset-password',
  prepare: async (c) => {
    const user = await users.get(c.view, c.params)
    if (user === undefined) throw userpassErrors.NO_USER()
    const algorithm = c.in.password_hash_algorithm ?? (user.algorithm || algorithmOf(c.mount.options))
    return hashOf(c.in, algorithm)
  },
  run: async (c, hash) => {
    const user = await users.get(c.view, c.params)
    if (user === undefined) throw userpassErrors.NO_USER()
    users.put(c.view, c.params, { ...user, hash, algorithm: c.in.password_hash_algorithm ?? user.algorithm })
    return done()
  },
})
