/** `sys/quotas/rate-limit`. Source: Vault API docs, /sys/quotas/rate-limit. */
import { absent, definePath, done, f, listing, none, ok, replySchema, type PathDefinition } from '#framework'
import { quotaErrors } from '../../../errors/quotas.ts'
import { groupings, type Grouping, type QuotasPort, type RateLimitSettings } from '../../../request/quota-ports.ts'
import { namesReply, quotaParams, scopeFields, scopeOf } from '../quotas.ts'

const reply = replySchema('A rate limit.', {
  type: f.string('`rate-limit`.'),
  name: f.string('Its name.'),
  path: f.string('What it is for, from the root namespace on.'),
  role: f.string('Role of the log-ins that it is for.'),
  rate: f.number('Requests an interval.'),
  secondary_rate: f.number('Requests an interval of those that have no entity, where they are grouped by entities.'),
  interval: f.int('Seconds.'),
  block_interval: f.int('Seconds for which a client that wants more gets nothing.'),
  group_by: f.string('What is counted together.'),
  inheritable: f.bool('Holds in the namespaces below, too.'),
})

const fields = {
  ...scopeFields,
  rate: f.number('Requests an interval. Must be positive.').default(0),
  secondary_rate: f
    .number(
      'Requests an interval of those that have no entity, where they are grouped by entities; `rate` if left out.',
    )
    .default(0),
  interval: f.signedDuration('How long an interval is.').default(1),
  block_interval: f
    .signedDuration('How long a client gets nothing at all once it has wanted more than there was.')
    .default(0),
  group_by: f
    .string('What is counted together: `ip`, `none` (all), `entity_then_ip` or `entity_then_none`.')
    .default(''),
}

export const rateLimitPaths = (quotas: QuotasPort): readonly PathDefinition[] => [
  definePath('quotas/rate-limit', {
    help: 'The rate limits.',
    params: {},
    flags: { rootNamespaceOnly: true },
  }).list({
    summary: 'List the rate limits of all namespaces.',
    operationId: 'rate-limit-quotas-list',
    replies: { 200: namesReply },
    run: (c) => listing(quotas.rateLimits.list(c.request.namespace)),
  }),
  definePath('quotas/rate-limit/{name}', {
    help: 'Limit how many requests a client may make.',
    params: quotaParams,
    flags: { rootNamespaceOnly: true },
  })
    .read({
      summary: 'Read a rate limit.',
      operationId: 'rate-limit-quotas-read',
      replies: { 200: reply },
      run: (c) => {
        const found = quotas.rateLimits.get(c.request.namespace, c.params.name)
        if (found === undefined) return absent()
        const { name, path, role, inheritable, rate, secondaryRate, interval, blockInterval, groupBy } = found
        return ok(reply, {
          type: 'rate-limit',
          name,
          path,
          role,
          rate,
          secondary_rate: secondaryRate,
          interval,
          block_interval: blockInterval,
          group_by: groupBy,
          inheritable,
        })
      },
    })
    .write({
      summary: 'Create or change a rate limit.',
      operationId: 'rate-limit-quotas-write',
      fields,
      replies: { 204: none },
      run: async (c) => {
        await quotas.rateLimits.put(c.view, c.request.namespace, c.params.name, {
          ...scopeOf(c.in),
          ...settingsOf(c.in),
        })
        return done()
      },
    })
    .delete({
      summary: 'Delete a rate limit.',
      operationId: 'rate-limit-quotas-delete',
      replies: { 204: none },
      run: async (c) => {
        await quotas.rateLimits.delete(c.view, c.request.namespace, c.params.name)
        return done()
      },
    }),
]

interface Given {
  readonly rate: number
  readonly secondary_rate: number
  readonly interval: number
  readonly block_interval: number
  readonly group_by: string
}

function settingsOf(given: Given): RateLimitSettings {
  const { rate, secondary_rate: secondary, interval, block_interval: blockInterval } = given
  if (!(rate > 0)) throw quotaErrors.RATE_INVALID()
  if (interval < 0) throw quotaErrors.INTERVAL_INVALID()
  if (blockInterval < 0) throw quotaErrors.BLOCK_INVALID()
  const groupBy = groupingOf(given.group_by)
  const byEntity = groupBy.startsWith('entity')
  if (secondary < 0) throw quotaErrors.SECONDARY_RATE()
  if (secondary > 0 && !byEntity) throw quotaErrors.SECONDARY_GROUPING()
  return {
    rate,
    secondaryRate: byEntity ? secondary || rate : 0,
    interval: Math.ceil(interval) || 1,
    blockInterval: Math.ceil(blockInterval),
    groupBy,
  }
}

function groupingOf(given: string): Grouping {
  const found = given === '' ? 'ip' : groupings.find((mode) => mode === given)
  if (found === undefined) throw quotaErrors.GROUPING({ mode: given })
  return found
}
