/**
 * The audit table: which devices are enabled. Changes go to storage inside the caller's transaction; `load` then
 * brings the broker up to what is stored, at unseal and after each commit below `auditPrefix`, on every thread and
 * node alike. All views are of the whole storage.
 */
import { auditErrors } from '../errors/audit.ts'
import type { AuditDeviceInfo, AuditDeviceInit } from '../request/system-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { AuditBroker } from './broker.ts'
import type { DeviceOptions, DeviceType } from './device-type.ts'
import { Device, failureReason, type DeviceEnvironment } from './device.ts'
import { deviceTypes } from './devices/registry.ts'
import { refusingSink } from './refusing-sink.ts'
import { parseSettings, plainSettings, type DeviceSettings } from './settings.ts'
import type { Sink } from './sink.ts'
import { deleteRow, encodeRow, putRow, putSalt, readRows, readSalt, type AuditDevice } from './table-store.ts'
import { tryOut } from './try-out.ts'

/** What `sys/audit/:path` takes, and an `audit` stanza says. */
export interface DeviceRequest extends AuditDeviceInit {
  readonly path: string
}

export interface AuditTableOptions {
  readonly broker: AuditBroker
  readonly environment: DeviceEnvironment
  /** Folders below which no device may write: plugins, configuration, the storage. */
  readonly forbiddenFolders: readonly string[]
  /** Devices may be enabled through the API, not only by the configuration. */
  readonly allowApiCreation: boolean
  /** Devices may have a `prefix`. */
  readonly allowPrefix: boolean
  uuid(): string
}

interface Built {
  readonly settings: DeviceSettings
  readonly sink: Sink
}

interface Loaded {
  readonly row: AuditDevice
  /** Row and salt: what the device was made of. */
  readonly key: string
  readonly device: Device
}

export class AuditTable {
  readonly #options: AuditTableOptions
  #loaded = new Map<string, Loaded>()
  /** Loads follow each other. */
  #loading: Promise<void> = Promise.resolve()

  constructor(options: AuditTableOptions) {
    this.#options = options
  }

  /** Those in force, by path. */
  list(): readonly AuditDeviceInfo[] {
    return [...this.#loaded.values()].map(({ row }) => infoOf(row))
  }

  /** Rejects with an `AUDIT_` error (400) and Vault's sentence; the device was tried out with a test entry. */
  async enable(view: WriteView, request: DeviceRequest): Promise<void> {
    if (!this.#options.allowApiCreation) throw auditErrors.API_CREATION_OFF()
    await this.#add(view, request, false)
  }

  /** Nothing happens if there is no such device. Rejects with `AUDIT_MISSING_PATH` or `AUDIT_CONFIG_MANAGED`. */
  async disable(view: WriteView, path: string): Promise<void> {
    const name = normalPath(path)
    const row = (await readRows(view)).find((one) => one.path === name)
    if (row === undefined) return
    if (row.declared) throw auditErrors.CONFIG_MANAGED()
    deleteRow(view, row.uuid)
  }

  /**
   * Makes the table's declared devices those of the configuration; a device that stays keeps its salt. For the active
   * node.
   */
  async declare(view: WriteView, requests: readonly DeviceRequest[]): Promise<void> {
    const wanted = new Map(requests.map((request) => [normalPath(request.path), request]))
    for (const row of await readRows(view)) {
      if (!row.declared) continue
      const request = wanted.get(row.path)
      if (request?.type !== row.type) deleteRow(view, row.uuid)
      else {
        wanted.delete(row.path)
        const { description, options, local } = request
        const changed = { ...row, description, options, local }
        this.#build(changed.type, options)
        if (encodeRow(changed) !== encodeRow(row)) putRow(view, changed)
      }
    }
    for (const request of wanted.values()) await this.#add(view, request, true)
  }

  /**
   * Puts the stored devices in force. A device that can't be made or opened stays in force and fails its entries
   * until it can: auditing never ends by itself. Rejects with `AUDIT_BAD_TABLE`, or what the view rejects with.
   */
  load(view: ReadView): Promise<void> {
    const before = this.#loading
    const load = async (): Promise<void> => {
      await Promise.allSettled([before])
      await this.#load(view)
    }
    this.#loading = load()
    return this.#loading
  }

  /** At seal: the devices are closed and their salts forgotten. */
  async unload(): Promise<void> {
    await Promise.allSettled([this.#loading])
    const gone = [...this.#loaded.values()]
    this.#loaded = new Map()
    this.#options.broker.use([])
    await Promise.allSettled(gone.map(({ device }) => device.close()))
  }

  async #add(view: WriteView, request: DeviceRequest, declared: boolean): Promise<void> {
    const path = normalPath(request.path)
    const rows = await readRows(view)
    if (rows.some((row) => row.path.startsWith(path) || path.startsWith(row.path))) throw auditErrors.PATH_IN_USE()
    const { settings, sink } = this.#build(request.type, request.options)
    await tryOut(sink, settings, this.#options.environment, this.#options.uuid())
    const uuid = this.#options.uuid()
    const { type, description, options, local } = request
    const accessor = `audit_${type}_${this.#options.uuid().slice(0, 8)}`
    putRow(view, { uuid, accessor, path, type, description, options, local, declared })
    putSalt(view, uuid, this.#options.uuid())
  }

  #build(typeName: string, options: DeviceOptions): Built {
    const { environment, forbiddenFolders } = this.#options
    const type: DeviceType | undefined = deviceTypes.get(typeName)
    if (type === undefined) throw auditErrors.UNKNOWN_TYPE({ type: typeName })
    if (options.has('prefix') && !this.#options.allowPrefix) throw auditErrors.PREFIX_OFF()
    return {
      settings: parseSettings(options, type),
      sink: type.sink(options, { clock: environment.clock, forbiddenFolders }),
    }
  }

  async #load(view: ReadView): Promise<void> {
    const { broker } = this.#options
    const before = this.#loaded
    const after = new Map<string, Loaded>()
    for (const row of await readRows(view)) {
      const salt = await readSalt(view, row.uuid)
      const key = `${encodeRow(row)}\n${salt}`
      const known = before.get(row.uuid)
      after.set(row.uuid, known?.key === key ? known : { row, key, device: await this.#makeDevice(row, salt) })
    }
    this.#loaded = after
    const inForce = [...after.values()].map(({ device }) => device)
    broker.use(inForce)
    const gone = [...before.values()].filter(({ device }) => !inForce.includes(device))
    await Promise.allSettled(gone.map(({ device }) => device.close()))
  }

  async #makeDevice(row: AuditDevice, salt: string): Promise<Device> {
    const { environment } = this.#options
    const { path } = row
    const device = new Device({ path, salt, ...this.#buildOrRefuse(row) }, environment)
    try {
      await device.open()
    } catch (error) {
      environment.log.error('the audit device could not be opened', { device: path, reason: failureReason(error) })
    }
    return device
  }

  /**
   * A stored row may be of an older version, or of a snapshot taken elsewhere: what is not allowed here takes no
   * entries.
   */
  #buildOrRefuse(row: AuditDevice): Built {
    try {
      return this.#build(row.type, row.options)
    } catch (error) {
      return { settings: plainSettings, sink: refusingSink(error) }
    }
  }
}

/** With a trailing slash. */
function normalPath(path: string): string {
  const name = path.replace(/^\/+|\/+$/gu, '')
  if (name === '') throw auditErrors.MISSING_PATH()
  if (!/^[\u0021-\u007e]+$/u.test(name)) throw auditErrors.BAD_PATH()
  return `${name}/`
}

function infoOf({ path, type, description, options, local }: AuditDevice): AuditDeviceInfo {
  return { path, type, description, options, local }
}
