/** The audit room, put to work: devices follow the stored table before the next entry is written. */
import {
  auditAdmin,
  auditPrefix,
  AuditedHeaders,
  AuditTable,
  createAuditBroker,
  type AuditBroker,
  type DeviceRequest,
} from '../audit/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger, Metrics } from '../lib/observe/index.ts'
import { uuid } from '../lib/secure/random.ts'
import type { AuditEvent, AuditPort } from '../request/ports.ts'
import type { AuditAdminPort } from '../request/system-ports.ts'
import type { Store } from '../storage/store.ts'
import { KnownCheckpoints } from './known-checkpoints.ts'
import type { ActivePart, Role } from './lifecycle.ts'
import { builtinVersion } from './version.ts'

export interface AuditHouseDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Devices that the configuration declares. */
  readonly declared: readonly DeviceRequest[]
  readonly forbiddenFolders: readonly string[]
  readonly allowApiCreation: boolean
  readonly allowPrefix: boolean
  /** In a serving thread: hands lines of chained devices to the main thread. */
  readonly relay: AuditRelay | undefined
}

/** Resolves once the device has taken the lines. */
export type AuditRelay = (device: string, lines: Uint8Array) => Promise<void>

/** How long a device may take for one write, ms. */
const DEVICE_TIMEOUT = 2_000

/** How long the end waits for the last checkpoints to be stored, ms. */
const PATIENCE = 2_000

export class AuditHouse implements AuditPort, ActivePart {
  readonly admin: AuditAdminPort
  readonly #deps: AuditHouseDeps
  readonly #broker: AuditBroker
  readonly #table: AuditTable
  readonly #headers = new AuditedHeaders()
  #reloading: Promise<void> | undefined
  #unsubscribe: (() => void) | undefined
  #role: Role | undefined
  readonly #remembered: KnownCheckpoints

  constructor(deps: AuditHouseDeps) {
    this.#deps = deps
    const log = deps.log.named('audit')
    this.#broker = createAuditBroker({ clock: deps.clock, log, metrics: deps.metrics })
    const environment = {
      clock: deps.clock,
      log,
      metrics: deps.metrics,
      headers: this.#headers,
      builtinVersion,
      timeout: DEVICE_TIMEOUT,
    }
    const { forbiddenFolders, allowApiCreation, allowPrefix, relay } = deps
    this.#remembered = new KnownCheckpoints(deps.store, log)
    this.#table = new AuditTable({
      broker: this.#broker,
      environment,
      forbiddenFolders,
      allowApiCreation,
      allowPrefix,
      uuid,
      relay,
      remember: (device, checkpoint) => {
        if (this.#role === 'leader') this.#remembered.put(device, checkpoint)
      },
    })
    this.admin = auditAdmin(this.#table, this.#broker, this.#headers)
  }

  get enabled(): boolean {
    return this.#broker.enabled || this.#reloading !== undefined
  }

  async request(event: AuditEvent): Promise<void> {
    if (this.#reloading !== undefined) await this.#reloading
    await this.#broker.request(event)
  }

  async response(event: AuditEvent): Promise<void> {
    if (this.#reloading !== undefined) await this.#reloading
    await this.#broker.response(event)
  }

  /** Lines that a serving thread made for a chained device. Rejects as `request`. */
  async take(device: string, lines: Uint8Array): Promise<void> {
    if (this.#reloading !== undefined) await this.#reloading
    await this.#broker.take(device, lines)
  }

  async start(role: Role): Promise<void> {
    const { store, declared } = this.#deps
    this.#role = role
    if (role === 'leader') await store.write((view) => this.#table.declare(view, declared))
    this.#unsubscribe = store.driver.subscribe((change) => {
      if (change.reset === true || change.keys.some((key) => key.startsWith(auditPrefix))) this.#follow()
    })
    await this.#load()
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.()
    await this.#table.unload()
    await this.#remembered.settled(this.#deps.clock, PATIENCE)
    this.#role = undefined
  }

  /** Opens the devices' files anew, at SIGHUP. */
  reopen(): Promise<void> {
    return this.#broker.reopen()
  }

  /** Entries wait for the new table, so a device that was just enabled has the entry of the request that enabled it. */
  #follow(): void {
    const load = this.#load().catch((error: unknown) => {
      this.#deps.log.error('the audit table could not be loaded', {
        cause: error instanceof Error ? error.name : 'unknown',
      })
    })
    const done = load.finally(() => {
      if (this.#reloading === done) this.#reloading = undefined
    })
    this.#reloading = done
  }

  #load(): Promise<void> {
    return this.#deps.store.read(async (view) => {
      await this.#headers.load(view)
      await this.#table.load(view)
    })
  }
}
