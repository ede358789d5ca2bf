import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../clock.ts'
import { stringify } from '../json/index.ts'
import { collectRuntime, Metrics, toMetricsJson, toPrometheus } from './index.ts'

test('counters, gauges and summaries in Prometheus text', () => {
  const metrics = new Metrics(new FakeClock(0))
  const requests = metrics.summary('vault.core.handle_request')
  for (let i = 1; i <= 100; i++) requests.observe(i)
  metrics.counter('vault.token.creation', { mount_point: 'auth/"x"\\\n' }).add()
  metrics.counter('vault.token.creation', { mount_point: 'auth/"x"\\\n' }).add(2)
  metrics.beforeReport(() => metrics.gauge('vault.core.unsealed').set(1))
  metrics.summary('vault.route.read.secret-')
  const text = toPrometheus(metrics)
  const want = [
    /^# HELP vault_core_handle_request vault_core_handle_request\n# TYPE vault_core_handle_request summary\n/u,
    /vault_core_handle_request\{quantile="0.5"\} (49|5[01])(\.\d+)?\n/u,
    /vault_core_handle_request\{quantile="0.99"\} (9[789]|100)(\.\d+)?\n/u,
    /vault_core_handle_request_sum 5050\nvault_core_handle_request_count 100\n/u,
    /# TYPE vault_core_unsealed gauge\nvault_core_unsealed 1\n/u,
    /vault_route_read_secret_\{quantile="0.5"\} NaN\n/u,
    /vault_token_creation\{mount_point="auth\/\\"x\\"\\\\\\n"\} 3\n$/u,
  ]
  for (const pattern of want) assert.match(text, pattern)
})

test('quantiles are of the last seconds, totals of all time', async () => {
  const clock = new FakeClock(0)
  const metrics = new Metrics(clock)
  const summary = metrics.summary('s')
  summary.observe(1000)
  await clock.advance(25_000)
  for (const value of [0, 1e-9, 1, 1, 1, 1e12]) summary.observe(value)
  const text = toPrometheus(metrics)
  assert.match(text, /s\{quantile="0.5"\} (0\.9[89]|1(\.0[012])?)\d*\n/u)
  assert.match(text, /s\{quantile="0.99"\} (1000000000000|1e\+?12)\n/u)
  assert.match(text, /s_count 7\n/u)
  await clock.advance(60_000)
  assert.match(toPrometheus(metrics), /quantile="0.5"\} NaN/u)
})

test('the JSON form shows the last whole interval', async () => {
  const clock = new FakeClock(Date.UTC(2026, 10, 22, 10, 0, 0))
  const metrics = new Metrics(clock)
  const summary = metrics.summary('vault.barrier.get')
  for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) summary.observe(value)
  metrics.counter('vault.audit.log_request_failure').add()
  metrics.gauge('vault.core.active', { cluster: 'c' }).set(1)
  await clock.advance(12_000)
  summary.observe(100)
  const parsed: unknown = JSON.parse(stringify(toMetricsJson(metrics)))
  const row = { Rate: 4, Count: 8, Sum: 40, Min: 2, Max: 9, Mean: 5, Stddev: Math.sqrt(32 / 7), Labels: {} }
  assert.deepEqual(parsed, {
    Timestamp: '2026-11-22 10:00:00 +0000 UTC',
    Gauges: [{ Name: 'vault.core.active', Value: 1, Labels: { cluster: 'c' } }],
    Points: [],
    Counters: [
      {
        Name: 'vault.audit.log_request_failure',
        Count: 1,
        Rate: 0.1,
        Sum: 1,
        Min: 1,
        Max: 1,
        Mean: 1,
        Stddev: 0,
        Labels: {},
      },
    ],
    Samples: [{ Name: 'vault.barrier.get', ...row }],
  })
})

test('a name stands for one kind, and label values cannot fill the memory', () => {
  const metrics = new Metrics(new FakeClock(0))
  metrics.counter('a')
  assert.throws(() => metrics.gauge('a'), TypeError)
  for (let i = 0; i < 2000; i++) metrics.counter('b', { user: String(i) }).add()
  const lines = toPrometheus(metrics)
    .split('\n')
    .filter((line) => line.startsWith('b{'))
  assert.equal(lines.length, 501)
  assert.ok(lines.includes('b{overflow="true"} 1500'))
})

test('the runtime reports itself', () => {
  const metrics = new Metrics(new FakeClock(0))
  const stop = collectRuntime(metrics)
  const text = toPrometheus(metrics)
  stop()
  assert.match(text, /vault_runtime_alloc_bytes \d{6,}\n/u)
  assert.match(text, /process_resident_memory_bytes \d{6,}\n/u)
})
