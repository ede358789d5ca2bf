import { formatDuration } from '../../../lib/duration.ts'
import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import type { Values } from '../../flags/flag.ts'
import type { TreeSource } from '../../tree.ts'
import { printAnswer } from '../shared/answer.ts'

const flags = {
  id: flag.string({ usage: 'The token itself, instead of a generated one. Needs sudo.' }),
  'display-name': flag.string({ usage: 'Name that stands for the token in logs. It is no secret.' }),
  ttl: flag.duration({ usage: 'How long the token lives at first, such as 30s or 5m. It may be renewed.' }),
  'explicit-max-ttl': flag.duration({ usage: 'How long the token may live at all, however often it is renewed.' }),
  period: flag.duration({ usage: 'Every renewal gives this much, for ever. Needs sudo.' }),
  renewable: flag.bool({ initial: true, usage: 'Let the token be renewed.' }),
  orphan: flag.bool({ usage: 'Give the token no parent, so that it outlives the one that created it. Needs sudo.' }),
  'no-default-policy': flag.bool({ usage: 'Leave out the "default" policy.' }),
  'use-limit': flag.int({ usage: 'How often the token can be used. 0 sets no limit.' }),
  role: flag.string({ usage: 'Token role to create the token by, which may override the other flags.' }),
  type: flag.string({
    initial: 'service',
    usage: '"service", or "batch" for one that is not stored and cannot be renewed.',
  }),
  metadata: flag.map({ usage: 'A label, as key=value, which shows in the audit log. May be given several times.' }),
  policy: flag.list({ usage: 'Policy to attach. May be given several times.' }),
  'entity-alias': flag.string({
    usage: 'Alias of the entity that the token belongs to. Needs -role, which must allow it.',
  }),
}

export const command = defineCommand({
  usage: '[options]',
  help: `  Creates a token, a child of the current one. Unless told otherwise it has the same policies.

      $ coffer token create
      $ coffer token create -policy=my-policy -policy=other-policy -ttl=1h
      $ coffer token create -type=batch -orphan -policy=my-policy -ttl=20m
      $ coffer token create -field=token -policy=my-policy`,
  output: ['field', 'format'],
  flags,
  async run(run) {
    run.expectArgs(0)
    const path = run.flags.role === '' ? 'auth/token/create' : `auth/token/create/${run.flags.role}`
    const request = { method: 'POST', path, body: requestOf(run.flags) } as const
    return printAnswer(run.ui, await attempt('Error creating token', (await run.client()).send(request)))
  },
})

function requestOf(values: Values<typeof flags>): TreeSource {
  return {
    id: values.id || undefined,
    policies: values.policy.length > 0 ? values.policy : undefined,
    meta: values.metadata.size > 0 ? values.metadata : undefined,
    ttl: formatDuration(values.ttl),
    explicit_max_ttl: formatDuration(values['explicit-max-ttl']),
    period: formatDuration(values.period),
    no_parent: values.orphan || undefined,
    no_default_policy: values['no-default-policy'] || undefined,
    display_name: values['display-name'],
    num_uses: values['use-limit'],
    renewable: values.renewable && values.type !== 'batch',
    type: values.type,
    entity_alias: values['entity-alias'],
  }
}
