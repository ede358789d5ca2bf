import { definePath, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import { groupPolicyModes, type GroupPolicyPort } from '../../../request/identity-ports.ts'

const mode = f.enum(
  groupPolicyModes,
  '`within_namespace_hierarchy`: of entities of the namespaces above the group’s. `any`: of whatever namespace they are.',
)
const modeReply = replySchema('For whom policies of groups count.', { group_policy_application_mode: mode })

export function groupPolicyPaths({
  groupPolicies,
}: {
  readonly groupPolicies: GroupPolicyPort
}): readonly PathDefinition[] {
  return [
    definePath('config/group-policy-application', {
      help: 'For which members from other namespaces the policies of a group count.',
      description:
        'A group may have entities of other namespaces as members. Its policies are of its own namespace, and say nothing of any that is ' +
        'not there or below.',
      params: {},
      flags: { sudo: true, rootNamespaceOnly: true },
    })
      .read({
        summary: 'Tell for whom policies of groups count.',
        replies: { 200: modeReply },
        run: () => ok(modeReply, { group_policy_application_mode: groupPolicies.mode }),
      })
      .write({
        summary: 'Say for whom policies of groups count.',
        fields: { group_policy_application_mode: mode },
        replies: { 204: none },
        run: (c) => {
          groupPolicies.put(c.view, c.in.group_policy_application_mode)
          return done()
        },
      }),
  ]
}
