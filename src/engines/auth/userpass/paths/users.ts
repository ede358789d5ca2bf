import {
  changedTokenParams,
  definePath,
  done,
  entryOf,
  f,
  namesOf,
  none,
  noTokenParams,
  olderTokenFields,
  replySchema,
  shownTokenParams,
  tokenFields,
  type JsonOut,
  type PathDefinition,
} from '#framework'
import { userpassErrors } from '../errors.ts'
import { algorithmOf, hashOf, isGiven, passwordFields } from '../passwords.ts'
import { users, type User } from '../store.ts'

const { bound_cidrs, max_ttl, policies, ttl } = olderTokenFields
const paramFields = { ...tokenFields, bound_cidrs, max_ttl, policies, ttl }
const { password_hash_algorithm: algorithmField } = passwordFields

const newUser: User = Object.freeze({ ...noTokenParams, hash: '', algorithm: '' })

const list = definePath('users', { help: 'The users.', params: {} }).list({
  summary: 'List the users.',
  operationId: 'userpass-list-users',
  ...namesOf(users, replySchema('The users.', { keys: f.list('Their names.') })),
})

const user = definePath('users/{username}', {
  help: 'A user who may log in.',
  description: 'To delete a user does not revoke the tokens he has; they are not renewed any more.',
  params: { username: f.lowerName('Name of the user. Upper and lower case are one.') },
  exists: (c) => users.has(c.view, c.params),
})
  .read({
    summary: 'Read a user, without the password.',
    replies: { 200: replySchema('The user.', { ...paramFields, password_hash_algorithm: algorithmField }) },
    operationId: 'userpass-read-user',
    run: entryOf(users, shown),
  })
  .write({
    summary: 'Make or change a user; what is left out stays.',
    fields: { ...passwordFields, ...paramFields },
    replies: { 204: none },
    operationId: 'userpass-write-user',
    prepare: async (c) => {
      if (c.operation === 'update' && !isGiven(c.in)) return undefined
      const before = await users.get(c.view, c.params)
      return hashOf(c.in, c.in.password_hash_algorithm ?? (before?.algorithm || algorithmOf(c.mount.options)))
    },
    run: async (c, hash) => {
      const before = await users.get(c.view, c.params)
      // He may have been deleted since.
      if (before === undefined && hash === undefined) throw userpassErrors.NO_PASSWORD()
      const old = before ?? newUser
      users.put(c.view, c.params, {
        ...old,
        ...changedTokenParams(old, c.in),
        hash: hash ?? old.hash,
        algorithm: c.in.password_hash_algorithm ?? old.algorithm,
      })
      return done()
    },
  })
  .delete({
    summary: 'Delete a user.',
    replies: { 204: none },
    operationId: 'userpass-delete-user',
    run: (c) => {
      users.delete(c.view, c.params)
      return done()
    },
  })

export const userPaths: readonly PathDefinition[] = [list, user]

/** Members in the order of their names, as Vault sends them. */
function shown({ algorithm, ...user }: User): ReadonlyMap<string, JsonOut> {
  const members = Object.entries(shownTokenParams(user)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return new Map<string, JsonOut>(
    algorithm === '' ? members : [['password_hash_algorithm', algorithm] as const, ...members],
  )
}
