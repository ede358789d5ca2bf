import {
  absent,
  definePath,
  done,
  f,
  listing,
  none,
  ok,
  okData,
  replySchema,
  type CallContext,
  type PathDefinition,
  type ReadView,
} from '#framework'
import type { PoliciesPort, SystemPorts } from '../../../request/system-ports.ts'
import { nameOf, textOf } from '../policy-text.ts'
import { unslashed } from '../unslashed.ts'

const listReply = replySchema('The policies.', {
  keys: f.list('Their names.'),
  policies: f.list('The same once more.').deprecated(),
})
const aclListReply = replySchema('The policies.', { keys: f.list('Their names.') })
const ruleReply = replySchema('A policy.', {
  name: f.string('Its name.'),
  rules: f.string('HCL or JSON, as it was written.'),
})
const aclReply = replySchema('A policy.', {
  name: f.string('Its name.'),
  policy: f.string('HCL or JSON, as it was written.'),
})

const params = { name: 'Name of the policy; upper case is turned to lower case.' }
const policyField = f.string('The rules in HCL or JSON, as they are or in base64.').default('')
const rulesField = f.string('An older name of `policy`.').default('').deprecated()

export function policyPaths({ policies }: SystemPorts): readonly PathDefinition[] {
  return [...olderPaths(policies), ...aclPaths(policies)]
}

function olderPaths(policies: PoliciesPort): readonly PathDefinition[] {
  const list = async (c: Pick<CallContext, 'request'> & { readonly view: ReadView }) => {
    const keys = await policies.list(c.view, c.request.namespace)
    return ok(listReply, { keys, policies: keys }, { flatten: true })
  }
  return [
    definePath('policy', { help: 'The access policies.', params: {} })
      .read({ summary: 'List the policies.', replies: { 200: listReply }, run: list })
      .list({ summary: 'List the policies.', replies: { 200: listReply }, run: list }),
    definePath('policy/{name+}', { help: 'Read, write and delete a policy.', params })
      .read({
        summary: 'Read a policy.',
        replies: { 200: ruleReply },
        run: async (c) => {
          const { name, text } = await read(policies, c)
          return ok(ruleReply, { name, rules: text }, { flatten: true })
        },
      })
      .write({
        summary: 'Write a policy.',
        fields: { policy: policyField, rules: rulesField },
        replies: { 204: none },
        run: async (c) => {
          const { policy, rules } = c.in
          if (policy === '' && rules !== '') c.warn("'rules' is deprecated, please use 'policy' instead")
          await policies.put(c.view, c.request.namespace, nameOf(c), textOf(policy === '' ? rules : policy))
          return done()
        },
      })
      .delete({
        summary: 'Delete a policy.',
        replies: { 204: none },
        run: async (c) => {
          await policies.delete(c.view, c.request.namespace, unslashed(c.params.name))
          return done()
        },
      }),
  ]
}

function aclPaths(policies: PoliciesPort): readonly PathDefinition[] {
  return [
    definePath('policies/acl', { help: 'The access policies.', params: {} }).list({
      summary: 'List the policies.',
      replies: { 200: aclListReply },
      run: async (c) => listing(await policies.list(c.view, c.request.namespace)),
    }),
    definePath('policies/acl/{name+}', { help: 'Read, write and delete a policy.', params })
      .read({
        summary: 'Read a policy.',
        replies: { 200: aclReply },
        run: async (c) => {
          const { name, text } = await read(policies, c)
          return okData({ name, policy: text })
        },
      })
      .write({
        summary: 'Write a policy.',
        fields: { policy: policyField },
        replies: { 204: none },
        run: async (c) => {
          await policies.put(c.view, c.request.namespace, nameOf(c), textOf(c.in.policy))
          return done()
        },
      })
      .delete({
        summary: 'Delete a policy.',
        replies: { 204: none },
        run: async (c) => {
          await policies.delete(c.view, c.request.namespace, unslashed(c.params.name))
          return done()
        },
      }),
  ]
}

async function read(
  policies: PoliciesPort,
  c: Pick<CallContext, 'request'> & { readonly view: ReadView; readonly params: { readonly name: string } },
): Promise<{ readonly name: string; readonly text: string }> {
  return (await policies.get(c.view, c.request.namespace, c.params.name)) ?? absent()
}
