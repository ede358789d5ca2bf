/** From the listener to the pipeline: cross-origin rules, the list of requests in flight, and how long each took. */
import type { Metrics } from '../lib/observe/index.ts'
import type { WireHandler } from '../request/wire.ts'
import type { Cors } from './cors.ts'
import type { InFlight } from './in-flight.ts'
import type { PipelineDeps } from './deps.ts'
import { handle } from './pipeline.ts'

export interface ServeDeps {
  readonly pipeline: PipelineDeps
  readonly cors: Cors
  readonly inFlight: InFlight
  readonly metrics: Metrics
}

export function serve({ pipeline, cors, inFlight, metrics }: ServeDeps): WireHandler {
  const time = metrics.summary('vault.core.handle_request')
  const current = metrics.gauge('vault.core.in_flight_requests')
  metrics.beforeReport(() => current.set(inFlight.size))
  const { clock } = pipeline
  return async (wire) => {
    const entry = inFlight.begin(wire, clock.now())
    const began = clock.monotonic()
    try {
      const verdict = wire.method === 'OPTIONS' || wire.headers.has('origin') ? cors.check(wire) : undefined
      if (verdict?.reply !== undefined) return verdict.reply
      const reply = await handle(wire, pipeline)
      return verdict?.headers === undefined ? reply : { ...reply, headers: [...reply.headers, ...verdict.headers] }
    } finally {
      inFlight.end(entry)
      time.observe(clock.monotonic() - began)
    }
  }
}
