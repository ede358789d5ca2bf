/**
 * The audit table: which devices are enabled. Changes go to storage inside the caller's transaction; `load` then
 * brings the broker up to what is stored, at unseal and after each commit below `auditPrefix`, on every thread and
 * node alike. All views are of the whole storage.
 */
import { resolve } from 'node:path'
import { auditErrors } from '../errors/audit.ts'
import type { AuditDeviceInfo, AuditDeviceInit } from '../request/system-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { AuditBroker } from './broker.ts'
import type { DeviceOptions, DeviceType } from './device-type.ts'
import { Device, failureReason, type DeviceEnvironment } from './device.ts'
import { fileDevice } from './devices/file.ts'
import { deviceTypes } from './devices/registry.ts'
import { ChainedSink } from './chain/chained-sink.ts'
import { ensureChainKey, findChainKey, putKnown, readKnown } from './chain/chain-store.ts'
import type { Known } from './chain/chain.ts'
import type { Signer } from './chain/checkpoint.ts'
import { refusingSink } from './refusing-sink.ts'
import { relaySink, type Relay } from './relay-sink.ts'
import { isChained, isFallback, parseSettings, plainSettings, type DeviceSettings } from './settings.ts'
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
  /** Where another thread writes the lines of devices that are chained. */
  readonly relay?: Relay | undefined
  /** Told of the checkpoints of chained devices. */
  remember?(device: string, checkpoint: Known): void
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
    await deleteRow(view, row.uuid)
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
      if (request?.type !== row.type) await deleteRow(view, row.uuid)
      else {
        wanted.delete(row.path)
        const { description, options, local } = request
        const changed = { ...row, description, options, local }
        this.#build(changed.type, options, true)
        await this.#assertOneFallback(view, changed)
        await this.#assertOwnFile(view, changed)
        if (isChained(options)) await ensureChainKey(view, this.#options.environment.clock.now())
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
    const { settings, sink } = this.#build(request.type, request.options, declared)
    const uuid = this.#options.uuid()
    await this.#assertOneFallback(view, { ...request, uuid })
    await this.#assertOwnFile(view, { ...request, uuid })
    await this.#tryOutOr(view, uuid, { settings, sink }, declared)
    const { type, description, options, local } = request
    const accessor = `audit_${type}_${this.#options.uuid().slice(0, 8)}`
    putRow(view, { uuid, accessor, path, type, description, options, local, declared })
    putSalt(view, uuid, this.#options.uuid())
  }

  async #assertOneFallback(view: ReadView, { uuid, options }: Pick<AuditDevice, 'uuid' | 'options'>): Promise<void> {
    if (!isFallback(options)) return
    const other = (await readRows(view)).find((row) => row.uuid !== uuid && isFallback(row.options))
    if (other !== undefined) throw auditErrors.FALLBACK_TAKEN({ path: other.path })
  }

  /** What another device writes between the lines of a chain looks like tampering. */
  async #assertOwnFile(view: ReadView, device: Pick<AuditDevice, 'uuid' | 'type' | 'options'>): Promise<void> {
    const file = fileOf(device)
    if (file === undefined) return
    const sharing = (await readRows(view)).find((row) => row.uuid !== device.uuid && fileOf(row) === file)
    if (sharing !== undefined && (isChained(device.options) || isChained(sharing.options)))
      throw auditErrors.FILE_SHARED({ path: sharing.path })
  }

  /**
   * A device of the configuration that sends its lines elsewhere is made even if nobody takes them now: the server must start without
   * its collector. It answers nothing that is audited until some device takes entries.
   */
  async #tryOutOr(view: WriteView, uuid: string, built: Built, declared: boolean): Promise<void> {
    try {
      await this.#tryOut(view, uuid, built)
    } catch (error) {
      if (!declared || built.sink.timeout === undefined) throw error
      this.#options.environment.log.error('an audit device of the configuration takes no entries yet', {
        reason: failureReason(error),
      })
    }
  }

  /** The test entry of a chained device is a segment of its own, which the device's first follows. */
  async #tryOut(view: WriteView, device: string, { settings, sink }: Built): Promise<void> {
    const { environment, uuid } = this.#options
    if (!settings.hashChain) return tryOut(sink, settings, environment, uuid())
    const signer = await ensureChainKey(view, environment.clock.now())
    let end: Known | undefined
    const chain = this.#chained(settings, sink, signer, undefined, (checkpoint) => (end = checkpoint))
    chain.want('close')
    await tryOut(chain, settings, environment, uuid())
    if (end !== undefined) putKnown(view, device, end)
  }

  #chained(
    settings: DeviceSettings,
    sink: Sink,
    signer: Signer,
    of: { readonly path: string; readonly known: Known | undefined } | undefined,
    remember: (checkpoint: Known) => void,
  ): ChainedSink {
    const { environment, uuid } = this.#options
    return new ChainedSink({
      sink,
      format: settings.format,
      signer,
      clock: environment.clock,
      newId: uuid,
      known: of?.known,
      remember,
      tampered: () =>
        environment.log.error('the end of the audit log is not as it was left: verify it', { device: of?.path ?? '' }),
    })
  }

  #build(typeName: string, options: DeviceOptions, declared: boolean): Built {
    const { environment, forbiddenFolders } = this.#options
    const type: DeviceType | undefined = deviceTypes.get(typeName)
    if (type === undefined) throw auditErrors.UNKNOWN_TYPE({ type: typeName })
    if (options.has('prefix') && !this.#options.allowPrefix) throw auditErrors.PREFIX_OFF()
    return {
      settings: parseSettings(options, type),
      sink: type.sink(options, { clock: environment.clock, forbiddenFolders, declared }),
    }
  }

  async #load(view: ReadView): Promise<void> {
    const { broker } = this.#options
    const before = this.#loaded
    const after = new Map<string, Loaded>()
    await this.#closeChanged(view)
    for (const row of await readRows(view)) {
      const salt = await readSalt(view, row.uuid)
      const key = `${encodeRow(row)}\n${salt}`
      const known = before.get(row.uuid)
      after.set(row.uuid, known?.key === key ? known : { row, key, device: await this.#makeDevice(view, row, salt) })
    }
    this.#loaded = after
    const inForce = [...after.values()].map(({ device }) => device)
    broker.use(inForce)
    const gone = [...before.values()].filter(({ device }) => !inForce.includes(device))
    await Promise.allSettled(gone.map(({ device }) => device.close()))
  }

  /** A chain is ended before another one begins where it was. */
  async #closeChanged(view: ReadView): Promise<void> {
    const rows = new Map((await readRows(view)).map((row) => [row.uuid, encodeRow(row)]))
    for (const { row, device } of this.#loaded.values())
      if (isChained(row.options) && rows.get(row.uuid) !== encodeRow(row)) await Promise.allSettled([device.close()])
  }

  async #makeDevice(view: ReadView, row: AuditDevice, salt: string): Promise<Device> {
    const { environment } = this.#options
    const { path, uuid } = row
    const built = this.#buildOrRefuse(row)
    const chained = built.settings.hashChain ? await this.#chainOf(view, row, built) : {}
    const device = new Device({ path, uuid, salt, ...built, ...chained }, environment)
    try {
      await device.open()
    } catch (error) {
      environment.log.error('the audit device could not be opened', { device: path, reason: failureReason(error) })
    }
    return device
  }

  async #chainOf(
    view: ReadView,
    row: AuditDevice,
    { settings, sink }: Built,
  ): Promise<{ readonly sink: Sink; readonly chain?: ChainedSink }> {
    const { relay, environment, remember } = this.#options
    if (relay !== undefined) return { sink: relaySink(row.uuid, relay, sink, environment.timeout) }
    const signer = await findChainKey(view)
    if (signer === undefined) return { sink: refusingSink(auditErrors.NO_CHAIN_KEY()) }
    const { uuid, path } = row
    const known = await readKnown(view, uuid)
    const chain = this.#chained(settings, sink, signer, { path, known }, (end) => remember?.(uuid, end))
    return { sink: chain, chain }
  }

  /**
   * A stored row may be of an older version, or of a snapshot taken elsewhere: what is not allowed here takes no
   * entries.
   */
  #buildOrRefuse(row: AuditDevice): Built {
    try {
      return this.#build(row.type, row.options, row.declared)
    } catch (error) {
      return { settings: plainSettings, sink: refusingSink(error) }
    }
  }
}

function fileOf({ type, options }: Pick<AuditDevice, 'type' | 'options'>): string | undefined {
  const path = type === fileDevice.name ? (options.get('file_path') ?? options.get('path')) : undefined
  return path === undefined ? undefined : resolve(path)
}

/** With a trailing slash. */
function normalPath(path: string): string {
  const name = path.replace(/^\/+|\/+$/gu, '')
  if (name === '') throw auditErrors.MISSING_PATH()
  if (!/^[\u0021-\u007e]+$/u.test(name)) throw auditErrors.BAD_PATH()
  return `${name}/`
}

function infoOf({ path, type, description, options, local }: AuditDevice): AuditDeviceInfo {
  return { path, type, description, options: shown(type, options), local }
}

/** Without what may be a credential. */
function shown(type: string, options: DeviceOptions): DeviceOptions {
  const secret = deviceTypes.get(type)?.secret ?? []
  return new Map([...options].map(([name, value]) => [name, secret.includes(name) ? '<hidden>' : value]))
}
