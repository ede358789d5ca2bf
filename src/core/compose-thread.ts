/**
 * The core of a serving thread: the same house, but one that only reads. What it cannot answer it hands to its node's own core, which
 * also decides whether there is anything to read.
 */
import { autoSnapshotPaths } from '../engines/system/paths/auto-snapshots.ts'
import { generateRootPaths } from '../engines/system/paths/generate-root.ts'
import { inspectionPaths, type InspectionPorts } from '../engines/system/inspection.ts'
import { rekeyPaths } from '../engines/system/paths/rekey.ts'
import { snapshotPaths } from '../engines/system/paths/snapshots.ts'
import type { NamespaceSealsPort } from '../request/namespace-seal-ports.ts'
import type { AutoSnapshotsPort, SnapshotsPort } from '../request/snapshot-ports.ts'
import { versionHistory } from './version-history.ts'
import { requestErrors } from '../errors/request.ts'
import { guard } from '../lib/secure/guarded.ts'
import { uuid } from '../lib/secure/random.ts'
import type { LifecyclePort, ObservePort } from '../request/system-ports.ts'
import type { WireHandler, WireReply, WireRequest } from '../request/wire.ts'
import { KEYRING_KEY } from '../seal/storage-keys.ts'
import { toCofferError } from './failure.ts'
import { House } from './house.ts'
import type { HouseOptions } from './house-options.ts'
import { InFlight } from './in-flight.ts'
import type { ActivePart } from './lifecycle.ts'
import type { RequestLog } from './request-log.ts'
import { serve } from './serve.ts'
import type { SharedKeys } from './threads-port.ts'
import { apiVersion } from './version.ts'

export interface ThreadOptions extends HouseOptions {
  readonly requestLog: RequestLog
  readonly hostname: string
  readonly hostnameHeader: boolean
  /** Whether the node may answer from what it reads: an active node that was asleep may not be active any more. */
  allowed(): boolean
  /** `streamed`: the body may be of any size, and is read as it comes. */
  elsewhere(wire: WireRequest, streamed: boolean): Promise<WireReply>
}

export interface ThreadCore {
  readonly handler: WireHandler
  readonly inFlight: InFlight
  /** Wipes the root keys that it is given. Resolves once requests are answered from the storage. */
  open(keys: SharedKeys): Promise<void>
  /** The same of what lies in the home of a namespace. */
  openHome(name: string, rootKey: SharedArrayBuffer): Promise<void>
  /** Resolves once no key of it is left. */
  closeHome(name: string): Promise<void>
  /** Resolves once no key is left. */
  close(): Promise<void>
  reopenAuditFiles(): Promise<void>
}

export function composeThread(options: ThreadOptions): ThreadCore {
  const { log, metrics } = options
  let isOpen = false
  let started: ActivePart[] = []
  const role = () => (isOpen && options.allowed() ? 'reader' : undefined)
  const house: House = new House(options, role)
  const inFlight = new InFlight(uuid)
  const pipeline = house.furnish(
    {
      lifecycle: elsewhereLifecycle,
      namespaceSeals: elsewhereSeals,
      observe: elsewhereObserve,
      clustered: false,
      state: () => (isOpen ? 'standby' : 'sealed'),
      role,
      reach: () => 'anywhere',
      elsewhere: (wire, streamed) => options.elsewhere(wire, streamed),
      // Its driver shows what was announced, whoever announced it.
      floor: () => 0,
    },
    [
      ...snapshotPaths({ snapshots: elsewhereSnapshots }),
      ...autoSnapshotPaths({ autoSnapshots: elsewhereAutoSnapshots }),
      ...generateRootPaths({ ceremonies: notHere }),
      ...rekeyPaths({ ceremonies: notHere }),
      ...inspectionPaths(elsewhereInspection),
    ],
  )
  const stop = async (): Promise<void> => {
    isOpen = false
    for (const part of started.toReversed()) {
      try {
        await part.stop()
      } catch (error) {
        log.error('a part of a thread did not stop in order', { code: toCofferError(error).code })
      }
    }
    started = []
    house.homes.discard()
    house.barrier.discard()
  }
  return {
    handler: serve({
      pipeline,
      cors: house.cors,
      uiHeaders: house.observation.uiHeaders,
      inFlight,
      metrics,
      requestLog: options.requestLog,
      headers: options.hostnameHeader ? [['X-Vault-Hostname', options.hostname]] : [],
    }),
    inFlight,
    open: async ({ rootKey, homes }) => {
      if (isOpen) return
      try {
        const key = guard(new Uint8Array(rootKey))
        const keyring = await house.store.read((view) => view.get(KEYRING_KEY))
        if (keyring === undefined) throw requestErrors.NOT_INITIALIZED()
        house.barrier.unseal(key, keyring)
        for (const part of house.parts) {
          started.push(part)
          await part.start('reader')
        }
        for (const [name, key] of homes) await house.homes.openWith(name, new Uint8Array(key))
        isOpen = true
      } catch (error) {
        await stop()
        throw error
      }
    },
    openHome: (name, key) => house.homes.openWith(name, new Uint8Array(key)),
    closeHome: (name) => house.homes.close(name),
    close: stop,
    reopenAuditFiles: () => house.audit.reopen(),
  }
}

/** Every operation that uses these is declared to be the node's or the leader's, so that no thread comes to call them. */
function notHere(): never {
  throw new Error('an operation that is not for threads was carried out by one')
}

const elsewhereLifecycle: LifecyclePort = {
  sealStatus: notHere,
  sealBackends: notHere,
  initialize: notHere,
  unseal: notHere,
  resetUnseal: notHere,
  seal: notHere,
  stepDown: notHere,
  keyStatus: notHere,
  rotate: notHere,
  rotateConfig: notHere,
  setRotateConfig: notHere,
  state: notHere,
  activeSince: notHere,
  nodes: notHere,
  leader: notHere,
  shared: false,
}

const elsewhereSnapshots: SnapshotsPort = {
  take: notHere,
  restore: notHere,
  startDrill: notHere,
  drillReport: notHere,
}

const elsewhereAutoSnapshots: AutoSnapshotsPort = {
  list: notHere,
  get: notHere,
  put: notHere,
  delete: notHere,
  status: notHere,
}

const elsewhereSeals: NamespaceSealsPort = {
  create: notHere,
  status: notHere,
  unseal: notHere,
  resetUnseal: notHere,
  seal: notHere,
  deleteSealed: notHere,
  keys: notHere,
  ceremonies: notHere,
}

const elsewhereInspection: InspectionPorts = {
  monitor: { lines: notHere },
  profiler: {
    profile: notHere,
    trace: notHere,
    activity: notHere,
    heapStatistics: notHere,
    threads: notHere,
    loopDelay: notHere,
    commandLine: notHere,
  },
  reloads: { reload: notHere },
  sealWrap: { rewrap: notHere, status: notHere },
}

const elsewhereObserve: ObservePort = {
  prometheus: notHere,
  metricsJson: notHere,
  inFlight: notHere,
  loggers: notHere,
  setLogLevel: notHere,
  resetLogLevel: notHere,
  versionHistory,
  hostInfo: notHere,
  openapi: notHere,
  sanitizedConfig: notHere,
  version: apiVersion,
  buildDate: '',
}
