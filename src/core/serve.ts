/** From the listener to the pipeline: cross-origin rules, the list of requests in flight, and how long each took. */
import { requestErrors } from '../errors/request.ts'
import type { Metrics } from '../lib/observe/index.ts'
import type { WireHandler, WireReply, WireRequest } from '../request/wire.ts'
import type { Cors } from './cors.ts'
import type { InFlight } from './in-flight.ts'
import type { PipelineDeps } from './deps.ts'
import { handle } from './pipeline.ts'
import type { RequestLog } from './request-log.ts'
import { withHeaders } from './stages/respond.ts'
import type { UiHeaders } from './ui-headers.ts'

type Header = readonly [name: string, value: string]

export interface ServeDeps {
  readonly pipeline: PipelineDeps
  readonly cors: Cors
  readonly uiHeaders: UiHeaders
  readonly inFlight: InFlight
  readonly metrics: Metrics
  readonly requestLog: RequestLog
  /** Headers of every reply. */
  readonly headers: readonly Header[]
}

/** How long a change that was acknowledged is waited for, ms; then the request meets the same delay, and is handed on. */
const PATIENCE = 500

/** What a client got whose request's time was over before its reply. */
const OVERDUE = requestErrors.OVERDUE().status

export function serve({ pipeline, cors, uiHeaders, inFlight, metrics, requestLog, headers }: ServeDeps): WireHandler {
  const time = metrics.summary('vault.core.handle_request')
  const current = metrics.gauge('vault.core.in_flight_requests')
  metrics.beforeReport(() => current.set(inFlight.size))
  const { clock } = pipeline
  const crossOrigin = async (wire: WireRequest): Promise<WireReply> => {
    await bringUpToDate(pipeline)
    const verdict = cors.check(wire)
    return verdict.reply ?? withHeaders(await handle(wire, pipeline), verdict.headers ?? [])
  }
  return async (wire) => {
    const entry = inFlight.begin(wire, clock.now())
    const began = clock.monotonic()
    try {
      const foreign = wire.method === 'OPTIONS' || wire.headers.has('origin')
      const reply = await (foreign ? crossOrigin(wire) : handle(wire, pipeline))
      requestLog.finished({
        wire,
        startedAt: entry.startedAt,
        duration: clock.monotonic() - began,
        status: wire.expired ? OVERDUE : reply.status,
      })
      return withHeaders(withHeaders(reply, uiHeaders.of(wire.target)), headers)
    } finally {
      inFlight.end(entry)
      time.observe(clock.monotonic() - began)
    }
  }
}

/**
 * On a core that only reads: what was acknowledged about other origins holds for the next request from one. A storage that fails says so
 * to the request itself.
 */
async function bringUpToDate(pipeline: PipelineDeps): Promise<void> {
  if (pipeline.reach() === 'leader' || !pipeline.reads()) return
  const store = pipeline.store()
  const floor = pipeline.floor()
  if (floor > store.driver.sequence) await store.driver.reach(floor, PATIENCE)
  await store.read(() => undefined).catch(() => undefined)
}
