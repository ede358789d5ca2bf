/** One enabled device: builds its own entries under its own salt, and writes them on its own. */
import { auditErrors } from '../errors/audit.ts'
import { CofferError } from '../errors/coffer-error.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Counter, Logger, Metrics, Summary } from '../lib/observe/index.ts'
import type { AuditEvent } from '../request/ports.ts'
import type { ChainedSink } from './chain/chained-sink.ts'
import type { Reason } from './chain/link.ts'
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
  readonly uuid: string
  /** Ends with `/`. */
  readonly path: string
  readonly settings: DeviceSettings
  readonly sink: Sink
  readonly salt: string
  /** The sink itself, where its lines are chained here. */
  readonly chain?: ChainedSink
}

/** A line is not without a signature behind it for longer than this, ms. */
const CHECKPOINT_AFTER = 60_000

interface Measures {
  readonly time: Summary
  readonly failures: Counter
}

export class Device {
  readonly path: string
  readonly uuid: string
  /** It takes what no other one does. */
  readonly isFallback: boolean
  readonly #hmac: Hmac
  readonly #entries: EntryBuilder
  readonly #settings: DeviceSettings
  readonly #sink: Sink
  readonly #writer: LineWriter
  readonly #log: Logger
  readonly #failures: Counter
  readonly #clock: Clock
  readonly #measures: Readonly<Record<EntryType, Measures>>
  readonly #chain: ChainedSink | undefined
  #checkpointTimer: Timer | undefined
  /** Entries not taken since it last worked. */
  #lost = 0

  constructor(init: DeviceInit, environment: DeviceEnvironment) {
    const { path, uuid, settings, sink } = init
    const { clock, headers, builtinVersion, timeout } = environment
    this.path = path
    this.uuid = uuid
    this.isFallback = settings.fallback
    this.#clock = clock
    this.#chain = init.chain
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
    const measures = (what: string): Measures => {
      const name = `vault.audit.${path.slice(0, -1)}.${what}`
      return { time: environment.metrics.summary(name), failures: environment.metrics.counter(`${name}_failure`) }
    }
    this.#measures = { request: measures('log_request'), response: measures('log_response') }
    this.#writer = new LineWriter({
      sink,
      encode: settings.format.encode,
      clock,
      timeout: sink.timeout ?? timeout,
      ...(sink.maxLineBytes === undefined ? {} : { maxLineBytes: sink.maxLineBytes }),
      onSuccess: () => this.#works(),
      onFailure: (error, lines) => this.#failed(error, lines),
    })
  }

  /** Resolves once the entry is written. Rejects with `AUDIT_FAILED`. */
  record(type: EntryType, event: AuditEvent): Promise<void> {
    let line: string
    try {
      const { format, exclude } = this.#settings
      const json = this.#entries.build(type, event)
      line = format.line(exclude === undefined ? json : exclude(json))
    } catch (error) {
      this.#failed(error, 1)
      this.#measures[type].failures.add()
      return Promise.reject(auditErrors.FAILED(undefined, { cause: error }))
    }
    return this.#measured(type, this.#writer.append(line, this.#entries.underWay <= 1))
  }

  /** Whether not all devices are asked for all entries because of this one. */
  get selects(): boolean {
    return this.isFallback || this.#settings.filter !== undefined
  }

  /** Whether its filter lets the entry pass. */
  wants(event: AuditEvent): boolean {
    return this.#settings.filter?.(event) !== false
  }

  /** Lines of this device that another thread made. Resolves and rejects as `record`. */
  async take(lines: Uint8Array): Promise<void> {
    const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString()
    const all = text.split('\n').slice(0, -1)
    if (this.#sink.maxLineBytes === undefined) await this.#writer.append(text, true, all.length)
    else await Promise.all(all.map((line) => this.#writer.append(`${line}\n`, false)))
  }

  /** What this device writes in place of `value`. */
  hash(value: string): string {
    return this.#hmac.string(value)
  }

  open(): Promise<void> {
    if (this.#chain !== undefined) this.#signSometimes(this.#chain)
    return this.#sink.open()
  }

  async reopen(): Promise<void> {
    await this.#sign('rotate')
    await this.#writer.flush()
    await this.#sink.reopen()
    // The first line of a new file is signed.
    if (this.#chain !== undefined) await this.#writer.append('', true, 0).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#checkpointTimer?.cancel()
    await this.#sign('close')
    await this.#writer.flush()
    await this.#sink.close()
  }

  async #measured(type: EntryType, written: Promise<void>): Promise<void> {
    const { time, failures } = this.#measures[type]
    const start = this.#clock.monotonic()
    try {
      await written
    } catch (error) {
      failures.add()
      throw error
    }
    time.observe(this.#clock.monotonic() - start)
  }

  /** Never rejects: a device that can't write is told of by its entries. */
  async #sign(reason: Reason): Promise<void> {
    if (this.#chain === undefined) return
    this.#chain.want(reason)
    await this.#writer.append('', true, 0).catch(() => undefined)
  }

  #signSometimes(chain: ChainedSink): void {
    this.#checkpointTimer?.cancel()
    this.#checkpointTimer = this.#clock.timer(CHECKPOINT_AFTER, () => {
      this.#signSometimes(chain)
      if (chain.openLines > 0) void this.#sign('interval')
    })
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
