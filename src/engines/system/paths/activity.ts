import { definePath, done, f, none, okData, replySchema, type PathDefinition } from '#framework'
import { inspectErrors } from '../../../errors/inspect.ts'
import type { ActivityConfigStatus, ActivityPort } from '../../../request/activity-ports.ts'
import { periodFields, periodOf } from '../period.ts'

const counts = {
  distinct_entities: f.int('As `entity_clients`, under its old name.'),
  entity_clients: f.int('Entities.'),
  non_entity_tokens: f.int('As `non_entity_clients`, under its old name.'),
  non_entity_clients: f.int('Tokens without an entity; those with the same policies in one namespace are one client.'),
  clients: f.int('Both.'),
}
const reportReply = replySchema('Clients of a period, each counted once.', {
  by_namespace: f.array(f.map(), 'By namespaces, and in each by the mounts through which they came.'),
  start_time: f.time('Its first moment.'),
  end_time: f.time('Its last.'),
  months: f.array(f.map(), 'By months, with those that were not there in an earlier one of the period.'),
  total: f.object(counts, 'All of them.'),
})
const monthReply = replySchema('Clients of the month that runs.', {
  by_namespace: f.array(f.map(), 'By namespaces.'),
  months: f.array(f.map(), 'The month.'),
  ...counts,
})
const exportReply = {
  description: 'A line for each client, in JSON or CSV.',
  fields: {},
  contentType: 'application/x-ndjson',
}
const configReply = replySchema('How clients are counted.', {
  enabled: f.string('`default-enabled`, `enabled` or `disabled`.'),
  retention_months: f.int('Months that are kept.'),
  default_report_months: f.int('Months in a report that names no start.'),
  queries_available: f.bool('There is something to report.'),
  reporting_enabled: f.bool('They are reported to somebody: never.'),
  billing_start_timestamp: f.time('Where a billing period begins: with the year.'),
  minimum_retention_months: f.int('0: there are no licences.'),
})

export interface ActivityPathPorts {
  readonly activity: ActivityPort
}

/** Longest time that is kept, months. */
const MOST_MONTHS = 60

export function activityPaths({ activity }: ActivityPathPorts): readonly PathDefinition[] {
  return [
    definePath('internal/counters/activity', {
      help: 'How many clients there were.',
      description:
        'Entities, and tokens without one, of the namespace and those below it. Root tokens are nobody, and a request that is refused counts ' +
        'for nothing.',
      params: {},
      flags: { place: 'leader' },
    }).read({
      summary: 'Report the clients of a period.',
      fields: {
        ...periodFields,
        limit_namespaces: f.int('Only so many namespaces, those with the most clients.').default(0),
        current_billing_period: f.bool('The year that runs, until now.').default(false),
      },
      replies: { 200: reportReply, 204: none },
      run: async (c) => {
        const { defaultReportMonths } = await activity.config(c.view)
        const period = periodOf(c.in, defaultReportMonths, c.clock.now())
        const data = await activity.report(c.request.namespace, period, c.in.limit_namespaces)
        return data === undefined ? done() : okData(data)
      },
    }),
    definePath('internal/counters/activity/monthly', {
      help: 'How many clients there were so far this month.',
      params: {},
      flags: { place: 'leader' },
    }).read({
      summary: 'Report the clients of the month that runs.',
      replies: { 200: monthReply, 204: none },
      run: async (c) => {
        const data = await activity.currentMonth(c.request.namespace)
        return data === undefined ? done() : okData(data)
      },
    }),
    definePath('internal/counters/activity/export', {
      help: 'Which clients there were.',
      params: {},
      flags: { place: 'leader', sudo: true, neverWrapped: true },
    }).read({
      summary: 'Tell each client of a period.',
      fields: { ...periodFields, format: f.string('`json` or `csv`.').default('json') },
      replies: { 200: exportReply, 204: none },
      run: async (c) => {
        const { format } = c.in
        if (format !== 'json' && format !== 'csv') throw inspectErrors.EXPORT_FORMAT()
        const { defaultReportMonths } = await activity.config(c.view)
        const period = periodOf({ ...c.in, current_billing_period: false }, defaultReportMonths, c.clock.now())
        const body = await activity.exported(c.request.namespace, period, format)
        if (body === undefined) return done()
        const contentType = format === 'json' ? exportReply.contentType : 'text/csv'
        return {
          raw: { contentType, body },
          headers: [['Content-Disposition', `attachment; filename="activity_export.${format}"`]],
        }
      },
    }),
    configPath(activity),
  ]
}

function configPath(activity: ActivityPort): PathDefinition {
  return definePath('internal/counters/config', {
    help: 'How clients are counted.',
    params: {},
    flags: { rootNamespaceOnly: true },
  })
    .read({
      summary: 'Tell how clients are counted.',
      replies: { 200: configReply },
      run: async (c) => {
        const config = await activity.config(c.view)
        return okData({
          enabled: stateOf(config),
          retention_months: config.retentionMonths,
          default_report_months: config.defaultReportMonths,
          queries_available: config.hasData,
          reporting_enabled: false,
          billing_start_timestamp: `${new Date(c.clock.now()).getUTCFullYear()}-01-01T00:00:00Z`,
          minimum_retention_months: 0,
        })
      },
    })
    .write({
      summary: 'Say how clients are counted.',
      fields: {
        enabled: f
          .string(
            '`enable`, `disable` or `default`, which counts. What was counted this month goes when it is disabled.',
          )
          .optional(),
        retention_months: f.int(`Months to keep, up to ${MOST_MONTHS}. 0 removes all there is.`).optional(),
        default_report_months: f.int('Months in a report that names no start.').optional(),
      },
      replies: { 200: replySchema('It is set.', {}), 204: none },
      run: async (c) => {
        const before = await activity.config(c.view)
        const enabled = enabledBy(c.in.enabled) ?? before.enabled
        const retentionMonths = c.in.retention_months ?? before.retentionMonths
        const defaultReportMonths = c.in.default_report_months ?? before.defaultReportMonths
        if (retentionMonths < 0 || retentionMonths > MOST_MONTHS) throw inspectErrors.RETENTION({ most: MOST_MONTHS })
        if (defaultReportMonths <= 0) throw inspectErrors.REPORT_MONTHS()
        if (retentionMonths === 0 && enabled !== 'disable') throw inspectErrors.RETENTION_NEEDED()
        await activity.setConfig(c.view, { enabled, retentionMonths, defaultReportMonths })
        if (before.isOn && enabled === 'disable')
          c.warn('the current monthly segment will be deleted because the activity log was disabled')
        return done()
      },
    })
}

function stateOf({ enabled }: ActivityConfigStatus): string {
  return { default: 'default-enabled', enable: 'enabled', disable: 'disabled' }[enabled]
}

function enabledBy(text: string | undefined): ActivityConfigStatus['enabled'] | undefined {
  if (text === undefined) return undefined
  const found = (['default', 'enable', 'disable'] as const).find((one) => one === text)
  if (found === undefined) throw inspectErrors.ACTIVITY_ENABLED()
  return found
}
