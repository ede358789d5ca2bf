import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../clock.ts'
import { Metrics, MetricsView, toPrometheus, type MetricsViewSettings } from './index.ts'

const plain: MetricsViewSettings = {
  prefix: 'vault',
  hostname: 'box-1',
  hostnameInGauges: false,
  hostnameAsLabel: false,
  prefixFilter: [],
  filterDefault: true,
  retention: Infinity,
}

function sample(): { readonly metrics: Metrics; readonly clock: FakeClock } {
  const clock = new FakeClock()
  const metrics = new Metrics(clock)
  metrics.gauge('vault.core.unsealed').set(1)
  metrics.counter('vault.token.creation').add()
  metrics.counter('vault.token.lookup').add()
  metrics.gauge('process_start_time_seconds').set(7)
  return { metrics, clock }
}

const names = (metrics: Metrics, settings: Partial<MetricsViewSettings>) =>
  new MetricsView(metrics, { ...plain, ...settings }).report().map((family) => family.name)

test('names are as in the program unless the configuration says otherwise', () => {
  const { metrics } = sample()
  assert.deepEqual(
    names(metrics, {}),
    metrics.report().map((family) => family.name),
  )
})

test('the prefix takes the place of vault', () => {
  assert.deepEqual(names(sample().metrics, { prefix: 'coffer' }), [
    'process_start_time_seconds',
    'coffer.core.unsealed',
    'coffer.token.creation',
    'coffer.token.lookup',
  ])
})

test('the name of the host stands in gauges alone, or as a label of everything', () => {
  const { metrics } = sample()
  assert.deepEqual(names(metrics, { hostnameInGauges: true }), [
    'process_start_time_seconds',
    'vault.box-1.core.unsealed',
    'vault.token.creation',
    'vault.token.lookup',
  ])
  const labelled = toPrometheus(new MetricsView(metrics, { ...plain, hostnameInGauges: true, hostnameAsLabel: true }))
  assert.match(labelled, /^vault_core_unsealed\{host="box-1"\} 1$/m)
  assert.match(labelled, /^vault_token_creation\{host="box-1"\} 1$/m)
  assert.match(
    toPrometheus(new MetricsView(metrics, { ...plain, hostnameInGauges: true })),
    /^vault_box_1_core_unsealed 1$/m,
  )
})

test('the longest prefix decides what is shown', () => {
  const { metrics } = sample()
  assert.deepEqual(names(metrics, { prefixFilter: ['-vault.token'] }), [
    'process_start_time_seconds',
    'vault.core.unsealed',
  ])
  assert.deepEqual(names(metrics, { prefixFilter: ['-vault', '+vault.token', '-vault.token.lookup'] }), [
    'process_start_time_seconds',
    'vault.token.creation',
  ])
  assert.deepEqual(names(metrics, { prefixFilter: ['+coffer.core'], filterDefault: false, prefix: 'coffer' }), [
    'coffer.core.unsealed',
  ])
  assert.deepEqual(names(metrics, { filterDefault: false }), [])
})

test('what has not changed for longer than the retention time is left out', async () => {
  const { metrics, clock } = sample()
  await clock.advance(1000)
  metrics.counter('vault.token.lookup').add()
  metrics.gauge('vault.core.unsealed').set(1)
  await clock.advance(1000)
  assert.deepEqual(names(metrics, { retention: 1500 }), ['vault.core.unsealed', 'vault.token.lookup'])
  assert.equal(names(metrics, { retention: 2000 }).length, 4)
  assert.deepEqual(names(metrics, { retention: 999 }), [])
})

test('a metric has as many sets of labels as asked for', () => {
  const metrics = new Metrics(new FakeClock(), 2)
  for (const mount of ['a', 'b', 'c', 'd']) metrics.counter('vault.route', { mount }).add()
  assert.deepEqual(
    metrics.report()[0]?.series.map(({ labels, count }) => [labels, count]),
    [
      [{ mount: 'a' }, 1],
      [{ mount: 'b' }, 1],
      [{ overflow: 'true' }, 2],
    ],
  )
})
