import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { ListenerTraits, WireHandler } from '../request/wire.ts'
import type { BodyBudget } from './body-budget.ts'
import type { ListenerLimits } from './config.ts'
import type { Deadlines } from './deadlines.ts'
import type { Exchange } from './exchange.ts'
import type { ForwardedFor } from './forwarded-for.ts'
import type { ResponseHeaders } from './response-headers.ts'

/** What all requests of a listener share. */
export interface Service {
  readonly handler: WireHandler
  traits: ListenerTraits
  readonly limits: ListenerLimits
  /** `max_request_duration`, ms. */
  readonly requestTime: number
  /** `http_read_timeout`, ms. */
  readonly readTime: number
  /** `http_write_timeout`, ms. */
  readonly writeTime: number
  readonly responseHeaders: ResponseHeaders
  readonly forwardedFor: ForwardedFor | undefined
  readonly budget: BodyBudget
  readonly deadlines: Deadlines
  readonly clock: Clock
  readonly log: Logger
  /** Requests under way. */
  inFlight: number
  /** No request is taken on a connection after the one it has. */
  closing: boolean
  /** Answers a request whose handler has not, in time. */
  overdue(exchange: Exchange): void
  /** Called whenever `inFlight` falls to zero. */
  idle(): void
}
