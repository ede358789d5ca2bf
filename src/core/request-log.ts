/** `log_requests_level`: one line for each finished request. Its token, query and body stand nowhere in it. */
import type { Logger, LogLevel } from '../lib/observe/index.ts'
import type { WireRequest } from '../request/wire.ts'
import { clientAddress, pathOf } from './in-flight.ts'

export interface FinishedRequest {
  readonly wire: WireRequest
  /** Wall clock, ms. */
  readonly startedAt: number
  /** ms */
  readonly duration: number
  readonly status: number
}

export class RequestLog {
  readonly #log: Logger
  /** May change at any time. */
  level: LogLevel

  constructor(log: Logger, level: LogLevel) {
    this.#log = log
    this.level = level
  }

  /** Names and message are those of Vault's log. */
  finished({ wire, startedAt, duration, status }: FinishedRequest): void {
    const { level } = this
    if (level === 'off' || !this.#log.enabled(level)) return
    this.#log[level]('completed_request', {
      start_time: new Date(startedAt).toISOString(),
      duration: `${Math.round(duration)}ms`,
      client_address: clientAddress(wire),
      status_code: status,
      request_path: pathOf(wire),
      request_method: wire.method,
    })
  }
}
