import { auditErrors } from '../../errors/audit.ts'
import type { Clock } from '../../lib/clock.ts'

/** Runs `work` under a signal that is aborted, with `AUDIT_DEVICE_TIMEOUT`, after `ms`. */
export async function withDeadline<T>(clock: Clock, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController()
  using _timer = clock.timer(ms, () => abort.abort(auditErrors.DEVICE_TIMEOUT()))
  return await work(abort.signal)
}
