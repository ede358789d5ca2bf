/** Hands each entry to every device, and makes sure that one of them took it. */
import { auditErrors } from '../errors/audit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Counter, Logger, Metrics, Summary } from '../lib/observe/index.ts'
import type { AuditEvent, AuditPort } from '../request/ports.ts'
import { failureReason, type Device } from './device.ts'
import type { EntryType } from './entry.ts'

export interface AuditBroker extends AuditPort {
  /** The devices in force from the next entry on. */
  readonly devices: readonly Device[]
  use(devices: readonly Device[]): void
  /** What the device at `path` writes in place of `input`. Throws `AUDIT_UNKNOWN_DEVICE`. */
  hashValue(path: string, input: string): string
  /** Lines of a chained device that another thread made. Rejects as `request`. */
  take(device: string, lines: Uint8Array): Promise<void>
  /** Opens all files anew, after they were rotated (SIGHUP). Never rejects: what went wrong is logged. */
  reopen(): Promise<void>
}

export interface BrokerOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

interface Measures {
  readonly time: Summary
  readonly failures: Counter
}

const DONE = Promise.resolve()

export function createAuditBroker(options: BrokerOptions): AuditBroker {
  return new Broker(options)
}

class Broker implements AuditBroker {
  devices: readonly Device[] = []
  readonly #log: Logger
  readonly #clock: Clock
  readonly #measures: Readonly<Record<EntryType, Measures>>
  /** Entries of the fallback device, and those that all filters kept out where there is none. */
  readonly #caught: Counter
  readonly #missed: Counter
  /** Not all devices take all entries. */
  #selects = false

  constructor({ clock, log, metrics }: BrokerOptions) {
    this.#log = log
    this.#clock = clock
    const measures = (name: string): Measures => ({
      time: metrics.summary(`vault.audit.${name}`),
      failures: metrics.counter(`vault.audit.${name}_failure`),
    })
    this.#caught = metrics.counter('vault.audit.fallback.success')
    this.#missed = metrics.counter('vault.audit.fallback.miss')
    this.#measures = { request: measures('log_request'), response: measures('log_response') }
  }

  get enabled(): boolean {
    return this.devices.length > 0
  }

  use(devices: readonly Device[]): void {
    this.devices = devices
    this.#selects = devices.some((device) => device.selects)
  }

  request(event: AuditEvent): Promise<void> {
    return this.devices.length === 0 ? DONE : this.#record('request', event)
  }

  response(event: AuditEvent): Promise<void> {
    return this.devices.length === 0 ? DONE : this.#record('response', event)
  }

  hashValue(path: string, input: string): string {
    const name = path.endsWith('/') ? path : `${path}/`
    const device = this.devices.find((one) => one.path === name)
    if (device === undefined) throw auditErrors.UNKNOWN_DEVICE({ path: name })
    return device.hash(input)
  }

  async take(uuid: string, lines: Uint8Array): Promise<void> {
    const device = this.devices.find((one) => one.uuid === uuid)
    if (device === undefined) throw auditErrors.FAILED()
    await device.take(lines)
  }

  async reopen(): Promise<void> {
    await Promise.all(this.devices.map((device) => this.#reopen(device)))
  }

  async #record(type: EntryType, event: AuditEvent): Promise<void> {
    const { time, failures } = this.#measures[type]
    const start = this.#clock.monotonic()
    try {
      await this.#anyOf(type, event)
    } catch (error) {
      failures.add()
      throw error
    }
    time.observe(this.#clock.monotonic() - start)
  }

  #anyOf(type: EntryType, event: AuditEvent): Promise<void> {
    return this.#selects ? this.#selected(type, event) : this.#fastest(type, event, this.devices)
  }

  /** Those whose filter lets it pass; where there is none, or none of them takes it, the fallback device. */
  async #selected(type: EntryType, event: AuditEvent): Promise<void> {
    const fallback = this.devices.find((device) => device.isFallback)
    const chosen = this.devices.filter((device) => !device.isFallback && device.wants(event))
    if (chosen.length === 0) {
      if (fallback === undefined) this.#missed.add()
      else await this.#fallBack(type, event, fallback)
      return
    }
    try {
      await this.#fastest(type, event, chosen)
    } catch (error) {
      if (fallback === undefined) throw error
      await this.#fallBack(type, event, fallback)
    }
  }

  async #fallBack(type: EntryType, event: AuditEvent, fallback: Device): Promise<void> {
    await fallback.record(type, event)
    this.#caught.add()
  }

  async #fastest(type: EntryType, event: AuditEvent, devices: readonly Device[]): Promise<void> {
    const [only] = devices
    if (only !== undefined && devices.length === 1) return only.record(type, event)
    try {
      await Promise.any(devices.map((device) => device.record(type, event)))
    } catch (error) {
      throw auditErrors.FAILED(undefined, { cause: error })
    }
  }

  async #reopen(device: Device): Promise<void> {
    try {
      await device.reopen()
    } catch (error) {
      this.#log.error('the audit device could not be reopened', { device: device.path, reason: failureReason(error) })
    }
  }
}
