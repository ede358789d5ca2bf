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

  constructor({ clock, log, metrics }: BrokerOptions) {
    this.#log = log
    this.#clock = clock
    const measures = (name: string): Measures => ({
      time: metrics.summary(`vault.audit.${name}`),
      failures: metrics.counter(`vault.audit.${name}_failure`),
    })
    this.#measures = { request: measures('log_request'), response: measures('log_response') }
  }

  get enabled(): boolean {
    return this.devices.length > 0
  }

  use(devices: readonly Device[]): void {
    this.devices = devices
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
    const [only] = this.devices
    if (only !== undefined && this.devices.length === 1) return only.record(type, event)
    return this.#fastest(type, event)
  }

  async #fastest(type: EntryType, event: AuditEvent): Promise<void> {
    try {
      await Promise.any(this.devices.map((device) => device.record(type, event)))
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
