import { changedTokenParams, definePath, done, f, none, olderTokenFields, tokenFields } from '#framework'
import { policyNames } from '../../../../lib/policy-names.ts'
import { userpassErrors } from '../errors.ts'
import { users } from '../store.ts'

export const policies = definePath('users/{username}/policies', {
  help: 'The policies of a user.',
  params: { username: f.lowerName('Name of the user.') },
}).write({
  summary: 'Change the policies of a user.',
  fields: { token_policies: tokenFields.token_policies, policies: olderTokenFields.policies },
  replies: { 204: none },
  operationId: 'userpass-update-policies',
  run: async (c) => {
    const user = await users.get(c.view, c.params)
    if (user === undefined) throw userpassErrors.NO_USER()
    users.put(c.view, c.params, {
      ...user,
      ...changedTokenParams(user, {
        policies: c.in.policies,
        token_policies: c.in.token_policies && policyNames(c.in.token_policies),
      }),
    })
    return done()
  },
})
