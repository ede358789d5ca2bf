/** One enabled device: builds its own entries under its own salt, and writes them on its own. */
import { auditErrors } from '../errors/audit.ts'
import { CofferError } from '../errors/coffer-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { Counter, Logger, Metrics } from '../lib/observe/index.ts'
import type { AuditEvent } from '../request/ports.ts'
import { AppendError, codeOf } from './devices/append.ts'
import { EntryBuilder, type EntryType } from './entry.ts'
import type { HeaderRules } from './headers.ts'
import { Hmac } from './hmac.ts'
import { LineWriter } from './line-writer.ts'
import { clear, hashing } from './redactor.ts'
import type { DeviceSettings } from './settings.ts'
import type { Sink } from './sink.ts'

/** What all devices share. */
export interface DeviceEnvironment {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly headers: HeaderRules
  /** `mount_running_version` of engines that came with the program: `v1.2.3+builtin.coffer`. */
  readonly builtinVersion: string
  /** How long a write may take, ms. */
  readonly timeout: number
}

export interface DeviceInit {
  /** Ends with `/`. */
  readonly path: string
  readonly settings: DeviceSettings
  readonly sink: Sink
  readonly salt: string
}

export class Device {
  readonly path: string
  readonly #hmac: Hmac
  readonly #entries: EntryBuilder
  readonly #settings: DeviceSettings
  readonly #sink: Sink
  readonly #writer: LineWriter
  readonly #log: Logger
  readonly #failures: Counter
  /** Entries not taken since it last worked. */
  #lost = 0

  constructor(init: DeviceInit, environment: DeviceEnvironment) {
    const { path, settings, sink } = init
    const { clock, headers, builtinVersion, timeout } = environment
    this.path = path
    this.#settings = settings
    this.#sink = sink
    this.#hmac = new Hmac(init.salt)
    const redactor = settings.logRaw ? clear : hashing(this.#hmac, settings.hmacAccessor)
    this.#entries = new EntryBuilder({
      redactor,
      elideListResponses: settings.elideListResponses,
      headers,
      clock,
      builtinVersion,
    })
    this.#log = environment.log.with({ device: path })
    this.#failures = environment.metrics.counter('vault.audit.device_failure', { device: path })
    this.#writer = new LineWriter({
      sink,
      encode: settings.format.encode,
      clock,
      timeout,
      onSuccess: () => this.#works(),
      onFailure: (error, lines) => this.#failed(error, lines),
    })
  }

  /** Resolves once the entry is written. Rejects with `AUDIT_FAILED`. */
  record(type: EntryType, event: AuditEvent): Promise<void> {
    let line: string
    try {
      line = this.#settings.format.line(this.#entries.build(type, event))
    } catch (error) {
      this.#failed(error, 1)
      return Promise.reject(auditErrors.FAILED(undefined, { cause: error }))
    }
    return this.#writer.append(line, this.#entries.underWay <= 1)
  }

  /** What this device writes in place of `value`. */
  hash(value: string): string {
    return this.#hmac.string(value)
  }

  open(): Promise<void> {
    return this.#sink.open()
  }

  async reopen(): Promise<void> {
    await this.#writer.flush()
    await this.#sink.reopen()
  }

  async close(): Promise<void> {
    await this.#writer.flush()
    await this.#sink.close()
  }

  #works(): void {
    if (this.#lost === 0) return
    this.#log.info('the audit device works again', { entries_not_taken: this.#lost })
    this.#lost = 0
  }

  #failed(error: unknown, lines: number): void {
    this.#failures.add(lines)
    if (this.#lost === 0) this.#log.error('the audit device does not take entries', { reason: failureReason(error) })
    this.#lost += lines
  }
}

/** For logs and replies: never a value of an entry. */
export function failureReason(error: unknown): string {
  if (error instanceof CofferError) return error.message
  const code = codeOf(error instanceof AppendError ? error.cause : error)
  return code !== '' ? code : error instanceof Error ? error.name : 'unknown'
}
