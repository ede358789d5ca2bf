import {
  definePath,
  done,
  f,
  listing,
  none,
  ok,
  pageFields,
  pageOf,
  replySchema,
  type PathDefinition,
} from '#framework'
import { parsePasswordPolicy, PasswordPolicyError } from '../../../lib/password-policy/index.ts'
import { systemErrors } from '../errors.ts'
import { passwordBy, passwordPolicies } from '../password-policies.ts'

const keysReply = replySchema('The password policies.', { keys: f.list('Their names.') })
const policyReply = replySchema('A password policy.', { policy: f.string('HCL or JSON, as it was written.') })
const passwordReply = replySchema('A password.', { password: f.string('Made by the policy, and not kept.') })

const params = { name: 'Name of the password policy.' }
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const list = definePath('policies/password', { help: 'The password policies.', params: {} }).list({
  summary: 'List the password policies.',
  operationId: 'policies-list-password-policies',
  fields: pageFields,
  replies: { 200: keysReply },
  run: async (c) => listing(await passwordPolicies.scan(c.view, `${c.request.namespace.id}/`, pageOf(c.in))),
})

const policy = definePath('policies/password/{name+}', {
  help: 'Read, write and delete a password policy: how long passwords are, and of which characters.',
  params,
})
  .read({
    summary: 'Read a password policy.',
    operationId: 'policies-read-password-policy',
    replies: { 200: policyReply },
    run: async (c) => {
      const found = await passwordPolicies.get(c.view, { namespace: c.request.namespace.id, name: c.params.name })
      if (found === undefined) throw systemErrors.NO_PASSWORD_POLICY()
      return ok(policyReply, found)
    },
  })
  .write({
    summary: 'Write a password policy.',
    operationId: 'policies-write-password-policy',
    fields: { policy: f.string('The policy in HCL or JSON, as it is or in base64.').default('') },
    replies: { 204: none },
    run: (c) => {
      const { policy: given } = c.in
      if (given === '') throw systemErrors.PASSWORD_POLICY({ reason: 'missing policy' })
      // No policy is both: rules need a brace.
      const text = BASE64.test(given) ? Buffer.from(given, 'base64').toString() : given
      assertPolicy(text)
      passwordPolicies.put(c.view, { namespace: c.request.namespace.id, name: c.params.name }, { policy: text })
      return done()
    },
  })
  .delete({
    summary: 'Delete a password policy.',
    operationId: 'policies-delete-password-policy',
    replies: { 204: none },
    run: (c) => {
      passwordPolicies.delete(c.view, { namespace: c.request.namespace.id, name: c.params.name })
      return done()
    },
  })

const generate = definePath('policies/password/{name+}/generate', {
  help: 'Make a password by a policy.',
  params,
}).read({
  summary: 'Make a password by a policy.',
  operationId: 'policies-generate-password-from-password-policy',
  replies: { 200: passwordReply },
  run: async (c) => ok(passwordReply, { password: await passwordBy(c.view, c.request.namespace.id, c.params.name) }),
})

export const passwordPolicyPaths = (): readonly PathDefinition[] => [list, policy, generate]

function assertPolicy(text: string): void {
  try {
    parsePasswordPolicy(text)
  } catch (error) {
    throw error instanceof PasswordPolicyError ? systemErrors.PASSWORD_POLICY({ reason: error.message }) : error
  }
}
