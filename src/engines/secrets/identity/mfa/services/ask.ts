/** How a service is asked about somebody, whatever service it is. */
import type { Clock } from '../../../../../lib/clock.ts'
import type { Outcome } from '../outcome.ts'
import type { Web } from './web.ts'

export interface Question {
  readonly username: string
  readonly passcode: string | undefined
  /** Where the log-in came from; empty if that is not known. */
  readonly remoteAddress: string
  readonly signal: AbortSignal
}

export interface ServiceDeps {
  readonly web: Web
  readonly clock: Clock
}

/** Throws a `ServiceError` where the service was of no use; a refusal is an outcome. */
export type Ask<S> = (settings: S, question: Question, deps: ServiceDeps) => Promise<Outcome>

/** Between two looks at whether somebody has answered his telephone, ms. */
const PAUSE = 1000

/** Resolves after a while, or rejects as soon as nobody waits any more. */
export function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const aborted = () => reject(signal.reason)
  if (signal.aborted) aborted()
  signal.addEventListener('abort', aborted, { once: true })
  const timer = clock.timer(PAUSE, resolve)
  return promise.finally(() => {
    timer.cancel()
    signal.removeEventListener('abort', aborted)
  })
}
