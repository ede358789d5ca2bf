/** A node's own core: the house, the life of the server around it, and the way in. */
import { tmpdir } from 'node:os'
import { autoSnapshotPaths } from '../engines/system/paths/auto-snapshots.ts'
import { generateRootPaths } from '../engines/system/paths/generate-root.ts'
import { inspectionPaths } from '../engines/system/inspection.ts'
import { rekeyPaths } from '../engines/system/paths/rekey.ts'
import { snapshotPaths } from '../engines/system/paths/snapshots.ts'
import { collectRuntime, LogHub, type LogLevels, type MetricsViewSettings } from '../lib/observe/index.ts'
import type { JsonOut } from '../lib/json/index.ts'
import { uuid } from '../lib/secure/random.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'
import type { ServerNode } from '../request/system-ports.ts'
import type { ReloadPort } from '../request/inspect-ports.ts'
import type { WireHandler } from '../request/wire.ts'
import type { JoinCluster } from './cluster-port.ts'
import { requestErrors } from '../errors/request.ts'
import { ROOT_TOKEN_LENGTH } from '../auth/create-token.ts'
import { RootTokenWatch } from '../auth/root-token-watch.ts'
import { Ceremonies } from '../seal/ceremonies.ts'
import { LinkCleaner } from '../seal/link-cleaner.ts'
import { AutoSeal } from '../seal/auto/auto-seal.ts'
import { HealthWatch } from '../seal/auto/health-watch.ts'
import { SelfUnseal } from '../seal/auto/self-unseal.ts'
import type { ConfiguredSeals } from '../seal/seal.ts'
import { ShamirSeal } from '../seal/shamir-seal.ts'
import type { Place } from '../framework/path.ts'
import { assertNotMigrating, AutoSnapshots, clearScratch, Snapshots, takeUpgradeSnapshot } from '../snapshot/index.ts'
import { snapshotVault } from './snapshot-vault.ts'
import type { PipelineDeps } from './deps.ts'
import { FirstStart } from './first-start.ts'
import { House } from './house.ts'
import type { HouseOptions } from './house-options.ts'
import { InFlight } from './in-flight.ts'
import { Lifecycle, type LifecycleDeps, type Role } from './lifecycle.ts'
import { Monitor } from './monitor.ts'
import { Observer } from './observer.ts'
import { Profiler } from './profiler.ts'
import type { RequestLog } from './request-log.ts'
import { SealWrap } from './seal-wrap.ts'
import { serve } from './serve.ts'
import { namespaceAdmin } from './namespace-admin.ts'
import { NamespaceSeals } from './namespace-seals.ts'
import { SharedHomes } from './shared-homes.ts'
import { noThreads, type ThreadsPort } from './threads-port.ts'
import { version } from './version.ts'
import { handle } from './pipeline.ts'
import { noteVersion } from './version-history.ts'

export interface ServerOptions extends HouseOptions {
  /** A Shamir seal if left out. */
  readonly seals?: ConfiguredSeals
  readonly levels: LogLevels
  /** Who looks on while the log is written. */
  readonly logHub?: LogHub
  /** What `sys/config/reload` takes anew; nothing if left out. */
  readonly reloads?: ReloadPort
  /** How metrics are shown. */
  readonly telemetry: MetricsViewSettings
  readonly requestLog: RequestLog
  readonly clusterName: string | undefined
  readonly apiAddress: string
  readonly hostname: string
  /** Replies carry `X-Vault-Hostname`. */
  readonly hostnameHeader: boolean
  readonly dataFolder: string | undefined
  /** Folder for the snapshot before the first start of a version; undefined takes none. */
  readonly upgradeSnapshots: string | undefined
  readonly sanitizedConfig: () => ReadonlyMap<string, JsonOut>
  /** Value of the first root token, for development servers alone. */
  readonly devRootToken?: string
  /** The threads that serve beside this one. */
  readonly threads?: ThreadsPort
  /** Where other nodes share the storage. */
  readonly joinCluster?: JoinCluster
  /** Told of each change of role. */
  readonly roleChanged?: LifecycleDeps['roleChanged']
}

export interface Server {
  readonly handler: WireHandler
  /** For requests that a thread has let in and counted already. */
  readonly handedOver: WireHandler
  readonly lifecycle: Lifecycle
  readonly firstStart: FirstStart
  readonly inFlight: InFlight
  /** Undefined where operators unseal the server. Runs from its `start` on, and ends with the server. */
  readonly selfUnseal: SelfUnseal | undefined
  /** Mounts KV version 2 at `secret/` of a new development server. */
  mountDevelopmentKv(): Promise<void>
  /** At SIGHUP. */
  reopenAuditFiles(): Promise<void>
  /** Lines that a serving thread made for a chained audit device. Rejects with `AUDIT_FAILED`. */
  takeAudited(device: string, lines: Uint8Array): Promise<void>
  close(): Promise<void>
}

export async function composeServer(options: ServerOptions): Promise<Server> {
  const { driver, clock, log, metrics, threads = noThreads, seals = { seal: new ShamirSeal() } } = options
  await assertNotMigrating(driver)
  const house: House = new House(
    {
      ...options,
      keysLost: () => lifecycle.keysLost(),
      rootKeyChanged: () => lifecycle.rootKeyChanged(),
      dropHome: (name) => namespaceSeals.drop(name),
      sealedElsewhere: (name) => sharedHomes.close(name),
    },
    () => lifecycle.role(),
  )
  const { store, barrier, keys, namespaces, mounts, policies, cluster, active, audit, cors } = house
  const inFlight = new InFlight(uuid)
  const handedOver: WireHandler = (wire) => handle(wire, pipeline)
  const sharedHomes = new SharedHomes({
    store,
    log: log.named('namespace'),
    barrier,
    keys,
    homes: house.homes,
    namespaces,
    threads,
    follows: () => lifecycle.role() === 'reader',
  })
  const clusterPort = options.joinCluster?.({
    store,
    homes: sharedHomes,
    handler: handedOver,
    leads: () => lifecycle.role() === 'leader',
  })
  if (clusterPort !== undefined) house.follow(clusterPort)
  const { seal } = seals
  const sealHealth =
    seal instanceof AutoSeal
      ? new HealthWatch({
          seal,
          clock,
          log: log.named('seal'),
          metrics,
          rewrap: () => lifecycle.rewrapIfOutdated(),
        })
      : undefined
  const snapshotBefore = async (previous: string): Promise<void> => {
    // It says whose snapshot it is, and this comes before all else is loaded.
    await store.read((view) => cluster.load(view))
    const take = () => snapshots.take()
    const folder = options.upgradeSnapshots
    await takeUpgradeSnapshot({ clock, log: log.named('snapshot'), folder, version, take }, previous)
  }
  const namespaceSeals: NamespaceSeals = new NamespaceSeals({
    store,
    clock,
    log: log.named('namespace'),
    keys,
    homes: house.homes,
    namespaces,
    threads,
    opened: (name) => house.homeOpened(name),
    remove: (namespace) => house.remover.remove(namespace),
    tokenLength: ({ id }) => ROOT_TOKEN_LENGTH + 1 + id.length,
    createToken: async (transaction, namespace, ttl) =>
      (await active.tokens.make(transaction, namespaceAdmin(namespace, ttl, options.systemLimits))).token,
  })
  const linkCleaner = new LinkCleaner({ store, clock, log })
  const rootTokenWatch = new RootTokenWatch({ store, clock, log, metrics, tokens: () => active.tokens })
  const firstStart = new FirstStart(store)
  const lifecycle: Lifecycle = new Lifecycle({
    store,
    barrier,
    ...seals,
    sealHealth: () => sealHealth?.status(),
    clock,
    log,
    storageType: driver.type,
    cluster: () => cluster.get(),
    identity: clusterPort?.identity ?? '',
    threads,
    shareKeys: () => ({
      rootKey: barrier.shareRootKey(),
      homes: keys.names.flatMap((name) => {
        const rootKey = keys.barrier(name)?.shareRootKey()
        return rootKey === undefined ? [] : [[name, rootKey] as const]
      }),
    }),
    discardNamespaceKeys: () => house.homes.discard(),
    vaultReplaced: () => selfUnseal?.start(),
    roleChanged: options.roleChanged ?? (() => undefined),
    nodes: (leads) => clusterPort?.nodes(leads) ?? [alone(options)],
    leader: async () => clusterPort?.leader(),
    parts: [
      firstStart,
      {
        start: (role) => (role === 'leader' ? noteVersion(store, clock, version, '', snapshotBefore) : undefined),
        stop: () => undefined,
      },
      ...house.parts,
      namespaceSeals,
      { start: () => undefined, stop: () => ceremonies.end() },
      linkCleaner,
      rootTokenWatch,
      { start: (role) => (role === 'leader' ? autoSnapshots.start() : undefined), stop: () => autoSnapshots.stop() },
      ...(clusterPort === undefined ? [] : [clusterPort]),
      ...(sealHealth === undefined
        ? []
        : [{ start: (role: Role) => sealHealth.start(role === 'leader'), stop: () => sealHealth.stop() }]),
    ],
    populate: async (transaction) => {
      firstStart.populate(transaction)
      cluster.bootstrap(transaction, options.clusterName)
      policies.bootstrap(transaction)
      await mounts.bootstrap(transaction)
      return active.createRoot(transaction, options.devRootToken)
    },
  })
  const ceremonies: Ceremonies = new Ceremonies({
    manager: {
      status: () => lifecycle.sealState(),
      verifyShares: (shares) => lifecycle.verifyShares(shares),
      rekey: (change) => lifecycle.rekey(change),
    },
    home: '',
    store,
    clock,
    log: log.named('ceremony'),
    tokenLength: ROOT_TOKEN_LENGTH,
    createToken: async (transaction, ttl) => (await active.tokens.createRoot(transaction, undefined, ttl)).token,
  })
  const ceremoniesOf = (namespace: Namespace) =>
    namespace.id === rootNamespace.id ? ceremonies : namespaceSeals.ceremonies(namespace)
  const snapshots: Snapshots = new Snapshots({
    driver,
    vault: snapshotVault({ barrier, keys, cluster, lifecycle, sealType: seal.type }),
    clock,
    log: log.named('snapshot'),
    version,
    scratchFolder: options.dataFolder ?? tmpdir(),
    dataFolder: options.dataFolder,
    newestAutomatic: () => autoSnapshots.newest(),
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
    threads,
    engineOf: (mount) => mounts.engine(mount),
    dataFolder: options.dataFolder,
    sanitizedConfig: options.sanitizedConfig,
  })
  const pipeline: PipelineDeps = house.furnish(
    {
      lifecycle,
      namespaceSeals,
      observe,
      clustered: driver.election !== undefined,
      state: () => lifecycle.state(),
      role: () => lifecycle.role(),
      reach: () => reachOf(lifecycle),
      elsewhere: (wire, streamed) =>
        clusterPort === undefined ? Promise.reject(requestErrors.NO_LEADER()) : clusterPort.forward(wire, streamed),
      floor: () => clusterPort?.floor ?? 0,
    },
    [
      ...snapshotPaths({ snapshots }),
      ...autoSnapshotPaths({ autoSnapshots }),
      ...generateRootPaths({ ceremonies: ceremoniesOf }),
      ...rekeyPaths({ ceremonies: ceremoniesOf }),
      ...inspectionPaths({
        monitor: new Monitor(options.logHub ?? new LogHub(options.levels, clock)),
        profiler: new Profiler({ clock, threads, commandLine: process.argv }),
        reloads: options.reloads ?? { reload: async () => false },
        sealWrap: new SealWrap({ log: log.named('seal'), rewrap: () => lifecycle.rewrapIfOutdated() }),
      }),
    ],
  )
  const selfUnseal: SelfUnseal | undefined = seal.autoUnseal
    ? new SelfUnseal({ unseal: () => lifecycle.unsealByItself(), clock, log: log.named('seal') })
    : undefined
  collectRuntime(metrics)
  await lifecycle.load()
  return {
    handler: serve({
      pipeline,
      cors,
      uiHeaders: house.observation.uiHeaders,
      inFlight,
      metrics,
      requestLog: options.requestLog,
      headers: options.hostnameHeader ? [['X-Vault-Hostname', options.hostname]] : [],
    }),
    handedOver,
    lifecycle,
    firstStart,
    inFlight,
    selfUnseal,
    mountDevelopmentKv: async () => {
      const init = {
        kind: 'secret',
        path: 'secret/',
        type: 'kv',
        description: 'key/value secret storage',
        options: new Map([['version', '2']]),
      } as const
      await store.write((view) =>
        mounts.enable(view, rootNamespace, {
          ...init,
          local: false,
          sealWrap: false,
          externalEntropyAccess: false,
          tuning: {},
        }),
      )
    },
    reopenAuditFiles: () => audit.reopen(),
    takeAudited: (device, lines) => audit.take(device, lines),
    close: async () => {
      await snapshots.stop()
      selfUnseal?.stop()
      for (const one of [seals.seal, seals.retired]) if (one instanceof AutoSeal) one.close()
      await lifecycle.seal()
      await driver.close()
    },
  }
}

/** A node that does not lead knows itself; a sealed one refuses by itself what it cannot do. */
function reachOf(lifecycle: Lifecycle): Place {
  return lifecycle.state() === 'standby' ? 'node' : 'leader'
}

function alone({ hostname, apiAddress }: ServerOptions): ServerNode {
  return { hostname, apiAddress, clusterAddress: '', active: true, lastEcho: undefined, version }
}
