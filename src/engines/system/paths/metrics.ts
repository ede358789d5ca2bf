import { definePath, f, type PathDefinition } from '#framework'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'
import { rawSchema } from '../raw.ts'

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'

const metricsReply = rawSchema('The metrics, as JSON or in the text format of Prometheus.', {
  Timestamp: f.string('When.'),
  Gauges: f.array(f.map(), 'Values that go up and down.'),
  Points: f.array(f.map(), 'Single values.').orNull(),
  Counters: f.array(f.map(), 'What was counted.'),
  Samples: f.array(f.map(), 'What was measured.'),
})

export function metricsPaths({ observe }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('metrics', {
      help: 'What the server counts and measures of itself.',
      params: {},
      flags: { rootNamespaceOnly: true, isMetrics: true, openBy: 'unauthenticatedMetricsAccess', place: 'node' },
    }).read({
      summary: 'Read the metrics.',
      fields: { format: f.string('`prometheus`; JSON if left out.').default('') },
      replies: { 200: metricsReply },
      run: async (c) => {
        const { format } = c.in
        const accepts = (c.request.headers.get('accept') ?? []).some((value) =>
          value.includes('application/openmetrics-text'),
        )
        if (format === 'prometheus' || (format === '' && accepts)) {
          const body = await observe.prometheus()
          if (body === undefined) throw systemErrors.NO_PROMETHEUS()
          return { raw: { contentType: PROMETHEUS, body } }
        }
        if (format !== '') throw systemErrors.BAD_METRICS_FORMAT()
        return { raw: { contentType: 'application/json', body: await observe.metricsJson() } }
      },
    }),
  ]
}
