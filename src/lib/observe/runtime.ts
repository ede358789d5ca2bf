/** What the process itself is doing, under Vault's names where it has one. */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import type { Metrics } from './metrics.ts'

/** Registers the gauges `vault.runtime.*`, `process_*`; looked up at each report. Returns the function that stops it. */
export function collectRuntime(metrics: Metrics): () => void {
  let gcRuns = 0
  let gcPause = 0
  const gcPauses = metrics.summary('vault.runtime.gc_pause_ns')
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gcRuns++
      gcPause += duration * 1e6
      gcPauses.observe(duration * 1e6)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const set = (name: string, value: number): void => metrics.gauge(name).set(value)
  const startTime = Date.now() / 1000 - process.uptime()
  const stop = metrics.beforeReport(() => {
    const memory = process.memoryUsage()
    const usage = process.resourceUsage()
    set('vault.runtime.alloc_bytes', memory.heapUsed)
    set('vault.runtime.sys_bytes', memory.rss)
    set('vault.runtime.external_bytes', memory.external)
    set('vault.runtime.total_gc_runs', gcRuns)
    set('vault.runtime.total_gc_pause_ns', gcPause)
    set('vault.runtime.event_loop_delay_max_ns', delay.max)
    set('vault.runtime.event_loop_delay_p99_ns', delay.percentile(99))
    set('process_cpu_seconds_total', (usage.userCPUTime + usage.systemCPUTime) / 1e6)
    set('process_resident_memory_bytes', memory.rss)
    set('process_start_time_seconds', startTime)
    delay.reset()
  })
  return () => {
    stop()
    delay.disable()
    observer.disconnect()
  }
}
