/** The one place where the rooms meet: makes every part and hands each what it needs of the others. */
import { tmpdir } from 'node:os'
import { tokenEngine } from '../engines/auth/token/engine.ts'
import { Registry } from '../engines/registry.ts'
import { systemEngine } from '../engines/system/engine.ts'
import { leasePaths } from '../engines/system/paths/leases.ts'
import { autoSnapshotPaths } from '../engines/system/paths/auto-snapshots.ts'
import { snapshotPaths } from '../engines/system/paths/snapshots.ts'
import { rawStoragePaths } from '../engines/system/paths/raw-storage.ts'
import { wrappingPaths } from '../engines/system/paths/wrapping.ts'
import type { DeviceRequest } from '../audit/index.ts'
import type { Engine } from '../framework/engine.ts'
import type { Clock } from '../lib/clock.ts'
import type { JsonOut } from '../lib/json/index.ts'
import {
  collectRuntime,
  type Logger,
  type LogLevels,
  type Metrics,
  type MetricsViewSettings,
} from '../lib/observe/index.ts'
import { freshBytes, uuid } from '../lib/secure/random.ts'
import { PolicyStore } from '../policy/store.ts'
import { noTuning, type Mount } from '../request/mount.ts'
import type { LeaseLimits } from '../request/ports.ts'
import type { SystemPorts } from '../request/system-ports.ts'
import type { WireHandler } from '../request/wire.ts'
import { MountIndex } from '../router/mount-index.ts'
import { mountStorage } from '../router/mount-record.ts'
import { MountTable } from '../router/mount-table.ts'
import { Router } from '../router/router.ts'
import { Barrier } from '../seal/barrier.ts'
import { ShamirSeal } from '../seal/shamir-seal.ts'
import { OUTSIDE_BARRIER } from '../seal/storage-keys.ts'
import { assertNotMigrating, AutoSnapshots, clearScratch, Snapshots, takeUpgradeSnapshot } from '../snapshot/index.ts'
import type { Driver, Sequence } from '../storage/driver.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import { Active } from './active.ts'
import { AuditHouse } from './audit-house.ts'
import { Cluster } from './cluster.ts'
import { Cors } from './cors.ts'
import { InFlight } from './in-flight.ts'
import { Lifecycle } from './lifecycle.ts'
import { rootOnly } from './namespaces.ts'
import { Observer } from './observer.ts'
import type { PipelineDeps } from './deps.ts'
import type { RequestLog } from './request-log.ts'
import { serve } from './serve.ts'
import { snapshotVault } from './snapshot-vault.ts'
import { version } from './version.ts'
import { noteVersion } from './version-history.ts'

export interface ServerOptions {
  readonly driver: Driver
  readonly clock: Clock
  readonly log: Logger
  readonly levels: LogLevels
  readonly metrics: Metrics
  /** How they are shown. */
  readonly telemetry: MetricsViewSettings
  readonly requestLog: RequestLog
  /** Seconds. */
  readonly systemLimits: LeaseLimits
  readonly clusterName: string | undefined
  readonly apiAddress: string
  readonly hostname: string
  /** Replies carry `X-Vault-Hostname`. */
  readonly hostnameHeader: boolean
  /** Serves `sys/raw`. */
  readonly rawStorage: boolean
  readonly auditDevices: readonly DeviceRequest[]
  readonly auditForbiddenFolders: readonly string[]
  readonly allowApiAuditCreation: boolean
  readonly allowAuditPrefix: boolean
  readonly dataFolder: string | undefined
  readonly sanitizedConfig: () => ReadonlyMap<string, JsonOut>
  /** Value of the first root token, for development servers alone. */
  readonly devRootToken?: string
}

export interface Server {
  readonly handler: WireHandler
  readonly lifecycle: Lifecycle
  readonly inFlight: InFlight
  /** Mounts KV version 2 at `secret/` of a new development server. */
  mountDevelopmentKv(): Promise<void>
  /** At SIGHUP. */
  reopenAuditFiles(): Promise<void>
  close(): Promise<void>
}

export async function composeServer(options: ServerOptions): Promise<Server> {
  const { driver, clock, log, metrics, systemLimits } = options
  await assertNotMigrating(driver)
  const barrier = new Barrier({ driver, clock })
  const store = new Store(driver, barrier)
  const nothing = new Store(new MemoryDriver(), plainCodec)
  const cluster = new Cluster()
  const cors = new Cors()
  const policies = new PolicyStore({ driver, clock, log: log.named('policy') })
  const inFlight = new InFlight(uuid)
  let replacedAt: Sequence = 0
  driver.subscribe(({ sequence, reset }) => {
    if (reset === true) replacedAt = sequence
  })
  const audit = new AuditHouse({
    store,
    clock,
    log,
    metrics,
    declared: options.auditDevices,
    forbiddenFolders: options.auditForbiddenFolders,
    allowApiCreation: options.allowApiAuditCreation,
    allowPrefix: options.allowAuditPrefix,
  })
  const mounts: MountTable = new MountTable({
    store,
    clock,
    systemLimits,
    version,
    engineOf: (kind, type, mountOptions) => registry.engineOf(kind, type, mountOptions),
    typesOf: (kind) => registry.typesOf(kind),
    canonicalType: (type, mountOptions) => registry.canonicalType(type, mountOptions),
    uuid,
    accessorSuffix: () => Buffer.from(freshBytes(4)).toString('hex'),
    revokeLeases: (mount) => active.revokeLeases(mount),
    workNoted: () => active.wake(),
  })
  const active = new Active({ store, barrier, clock, log, mounts, systemLimits })
  const seal = new ShamirSeal()
  const snapshotBefore = async (previous: string): Promise<void> => {
    const folder = options.dataFolder
    const take = () => snapshots.take()
    if (folder !== undefined)
      await takeUpgradeSnapshot({ clock, log: log.named('snapshot'), folder, version, take }, previous)
  }
  const lifecycle: Lifecycle = new Lifecycle({
    store,
    barrier,
    seal,
    clock,
    log,
    storageType: driver.type,
    hostname: options.hostname,
    apiAddress: options.apiAddress,
    version,
    cluster: () => cluster.get(),
    parts: [
      { start: () => store.read((view) => cluster.load(view)), stop: () => undefined },
      { start: () => noteVersion(store, clock, version, '', snapshotBefore), stop: () => undefined },
      { start: () => store.read((view) => mounts.load(view)), stop: () => mounts.clear() },
      { start: () => store.read((view) => cors.load(view)), stop: () => cors.clear() },
      { start: () => undefined, stop: () => policies.clear() },
      audit,
      active,
      { start: () => autoSnapshots.start(), stop: () => autoSnapshots.stop() },
    ],
    populate: async (transaction) => {
      cluster.bootstrap(transaction, options.clusterName)
      policies.bootstrap(transaction)
      await mounts.bootstrap(transaction)
      return active.createRoot(transaction, options.devRootToken)
    },
  })
  const snapshots: Snapshots = new Snapshots({
    driver,
    vault: snapshotVault({ barrier, cluster, lifecycle, sealType: seal.type }),
    clock,
    log: log.named('snapshot'),
    version,
    scratchFolder: options.dataFolder ?? tmpdir(),
    dataFolder: options.dataFolder,
  })
  const autoSnapshots: AutoSnapshots = new AutoSnapshots({
    store,
    clock,
    log: log.named('snapshot'),
    metrics,
    closed: options.auditForbiddenFolders,
    take: () => snapshots.take(),
  })
  if (options.dataFolder !== undefined) await clearScratch(options.dataFolder)
  const observe = new Observer({
    clock,
    metrics,
    telemetry: options.telemetry,
    levels: options.levels,
    inFlight,
    engineOf: (mount) => mounts.engine(mount),
    dataFolder: options.dataFolder,
    sanitizedConfig: options.sanitizedConfig,
  })
  const ports: SystemPorts = {
    mounts,
    policies,
    callers: {
      byToken: (token, view) => active.tokens.byToken(token, view),
      byAccessor: (accessor, view) => active.tokens.byAccessor(accessor, view),
      allowsAddress: (caller, address) => active.tokens.allowsAddress(caller, address),
    },
    lifecycle,
    audit: audit.admin,
    cors,
    observe,
    random: freshBytes,
  }
  const system: Engine = systemEngine(ports, [
    ...leasePaths({ leases: () => active.leases }),
    ...wrappingPaths({ wrapping: () => active.wrapping }),
    ...snapshotPaths({ snapshots }),
    ...autoSnapshotPaths({ autoSnapshots }),
    ...(options.rawStorage ? rawStoragePaths({ outside: OUTSIDE_BARRIER }) : []),
  ])
  const registry: Registry = new Registry({ system, token: tokenEngine({ tokens: () => active.tokens, policies }) })
  const sealedRouter = new Router({ mounts: () => SEALED_MOUNTS, engineOf: () => system })
  const activeRouter = new Router({ mounts: () => mounts.index, engineOf: (mount) => mounts.engine(mount) })
  const deps: PipelineDeps = {
    clock,
    log,
    namespaces: rootOnly,
    state: () => lifecycle.state(),
    store: () => store,
    openSnapshot: () => (lifecycle.state() === 'active' ? store.beginRead() : nothing.beginRead()),
    router: () => (lifecycle.state() === 'active' ? activeRouter : sealedRouter),
    tokens: () => active.tokens,
    policies: () => policies,
    leases: () => active.leases,
    audit: () => audit,
    wrapping: () => active.wrapping,
    storageOf: (mount, engine) => (mount.kind === 'system' || engine.type === 'token' ? '' : mountStorage(mount)),
    assertHeld: (view, mount) => mounts.assertHeld(view, mount),
    limitsOf: (mount) => mounts.limitsOf(mount),
    replacedAt: () => replacedAt,
  }
  metrics.beforeReport(collectRuntime(metrics))
  await lifecycle.load()
  return {
    handler: serve({
      pipeline: deps,
      cors,
      inFlight,
      metrics,
      requestLog: options.requestLog,
      headers: options.hostnameHeader ? [['X-Vault-Hostname', options.hostname]] : [],
    }),
    lifecycle,
    inFlight,
    mountDevelopmentKv: async () => {
      const init = {
        kind: 'secret',
        path: 'secret/',
        type: 'kv',
        description: 'key/value secret storage',
        options: new Map([['version', '2']]),
      } as const
      await store.write((view) =>
        mounts.enable(view, { ...init, local: false, sealWrap: false, externalEntropyAccess: false, tuning: {} }),
      )
    },
    reopenAuditFiles: () => audit.reopen(),
    close: async () => {
      await snapshots.stop()
      await lifecycle.seal()
      await driver.close()
    },
  }
}

/** While sealed only `sys/` is there, and of it only what says so. */
const SYSTEM_MOUNT: Mount = Object.freeze({
  kind: 'system',
  path: 'sys/',
  type: 'system',
  uuid: '',
  accessor: '',
  description: '',
  options: new Map(),
  local: false,
  sealWrap: false,
  externalEntropyAccess: false,
  tuning: noTuning,
  namespaceId: 'root',
  tainted: false,
})
const SEALED_MOUNTS = new MountIndex([SYSTEM_MOUNT])
