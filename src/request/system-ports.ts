/** What the system engine needs of the rooms above and beside it. All views are those of the whole storage. */
import type { VaultSealState } from './seal-state.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { JsonOut } from '../lib/json/index.ts'
import type { RawReply } from './reply.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Caller } from './caller.ts'
import type { Mount, MountKind, MountTuning } from './mount.ts'
import type { NamespacesPort } from './namespace-ports.ts'
import type { NamespaceSealsPort } from './namespace-seal-ports.ts'
import type { LeaseLimits } from './ports.ts'
import type { Namespace } from './request.ts'

export interface MountInit {
  readonly kind: MountKind
  /** With a trailing slash; for an auth method with `auth/` before it. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly options: ReadonlyMap<string, string>
  readonly local: boolean
  readonly sealWrap: boolean
  readonly externalEntropyAccess: boolean
  readonly tuning: Partial<MountTuning>
}

export interface MountChange {
  readonly description?: string
  readonly options?: ReadonlyMap<string, string>
  readonly tuning: Partial<MountTuning>
}

/** Where a mount is, or goes. */
export interface MountPlace {
  readonly namespace: Namespace
  /** With a trailing slash. */
  readonly path: string
}

export interface MoveStatus {
  readonly id: string
  readonly source: string
  readonly target: string
  readonly status: 'in-progress' | 'success' | 'failure'
}

export interface MountsPort {
  /** Those of a namespace, in byte order of their paths. */
  of(namespace: Namespace): readonly Mount[]
  at(namespace: Namespace, path: string): Mount | undefined
  /** The mount that serves a path below it. */
  serving(namespace: Namespace, path: string): Mount | undefined
  limitsOf(mount: Mount): LeaseLimits
  /** Version shown for the engine of a mount, `v0.1.0+builtin.coffer`. */
  versionOf(mount: Mount): string
  /** Rejects with Vault's sentences: type unknown, path in use, path protected. */
  enable(view: WriteView, namespace: Namespace, init: MountInit): Promise<Mount>
  /**
   * In transactions of its own: unreachable at once, then its leases are revoked, then its data is removed in the background, also
   * after a restart. Nothing mounted there is success, as in Vault.
   */
  disable(namespace: Namespace, path: string): Promise<void>
  tune(view: WriteView, namespace: Namespace, path: string, change: MountChange): Promise<Mount>
  /** Moves a mount and its leases, perhaps into another namespace; returns the id for `moveStatus`. */
  move(view: WriteView, from: MountPlace, to: MountPlace): Promise<string>
  moveStatus(id: string): MoveStatus | undefined
  /** Engine types that can be mounted. */
  types(kind: MountKind): readonly string[]
}

export interface PolicyRecord {
  readonly name: string
  /** HCL or JSON, as written. */
  readonly text: string
}

export interface PoliciesPort {
  /** As clients see them: sorted, `root` last in its namespace, without the internal ones. */
  list(view: ReadView, namespace: Namespace): Promise<readonly string[]>
  get(view: ReadView, namespace: Namespace, name: string): Promise<PolicyRecord | undefined>
  /** Parses and stores; rejects with line and column, or because `root` and the like cannot be changed. */
  put(view: WriteView, namespace: Namespace, name: string, text: string): Promise<void>
  delete(view: WriteView, namespace: Namespace, name: string): Promise<void>
  /** What a caller may do on a path, by the same code that decides requests. The path may go on into namespaces below the one given. */
  capabilitiesOf(caller: Caller, namespace: Namespace, path: string, view: ReadView): Promise<readonly string[]>
  /**
   * Whether a caller may do anything at the path of a namespace's mount or anywhere below it, by whatever kind of rule (exact, prefix, `+`). Decides
   * which mounts a caller is told of.
   */
  hasMountAccess(caller: Caller, namespace: Namespace, mountPath: string, view: ReadView): Promise<boolean>
  /** All rules that apply to a caller, for `sys/internal/ui/resultant-acl`. */
  resultantAcl(caller: Caller, namespace: Namespace, view: ReadView): Promise<ResultantAcl>
}

export interface ResultantAcl {
  readonly root: boolean
  readonly exactPaths: ReadonlyMap<string, readonly string[]>
  readonly globPaths: ReadonlyMap<string, readonly string[]>
}

/** Looks up callers: others for `sys/capabilities`, and the asking one where a token is optional (`sys/internal/ui/mounts`). */
export interface CallerLookup {
  byToken(token: string, view: ReadView): Awaitable<Caller | undefined>
  /** Only of tokens of the namespace. */
  byAccessor(accessor: string, view: ReadView, namespaceId: string): Awaitable<Caller | undefined>
  /** Checks the token's bound CIDRs. */
  allowsAddress(caller: Caller, remoteAddress: string): boolean
}

export interface SealStatus extends VaultSealState {
  readonly clusterName: string | undefined
  readonly clusterId: string | undefined
  readonly storageType: string
}

export interface InitRequest {
  readonly secretShares: number
  readonly secretThreshold: number
  readonly pgpKeys: readonly string[]
  readonly rootTokenPgpKey: string
  readonly storedShares: number | undefined
  /** Instead of the secret ones with a seal that opens by itself. */
  readonly recoveryShares: number | undefined
  readonly recoveryThreshold: number | undefined
  readonly recoveryPgpKeys?: readonly string[]
}

export interface InitResult {
  /** Hex; PGP-encrypted where keys were given. */
  readonly keys: readonly string[]
  readonly keysBase64: readonly string[]
  /** With a seal that opens by itself, instead of `keys`. */
  readonly recoveryKeys: readonly string[]
  readonly recoveryKeysBase64: readonly string[]
  readonly rootToken: string
}

/** The health of a seal, for `sys/seal-backend-status`. */
export interface SealBackend {
  readonly name: string
  readonly healthy: boolean
  /** Wall clock, ms. */
  readonly unhealthySince: number | undefined
}

export interface KeyStatus {
  readonly term: number
  /** RFC 3339. */
  readonly installTime: string
  readonly encryptions: number
}

export interface RotateConfig {
  readonly enabled: boolean
  readonly maxOperations: number
  /** Seconds; 0 for never. */
  readonly interval: number
}

/** A server of the cluster, for `sys/ha-status`. */
export interface ServerNode {
  readonly hostname: string
  readonly apiAddress: string
  readonly clusterAddress: string
  readonly active: boolean
  /** RFC 3339; undefined for the active one. */
  readonly lastEcho: string | undefined
  readonly version: string
}

export interface LeaderAddress {
  readonly apiAddress: string
  readonly clusterAddress: string
  readonly isSelf: boolean
}

/** `restoring`: unsealed, but at rest while something else is put in place of all that is stored. */
export type ServerState = 'uninitialized' | 'sealed' | 'restoring' | 'standby' | 'active'

/** The server's own life: sealed, unsealed, active. */
export interface LifecyclePort {
  sealStatus(): SealStatus
  initialize(request: InitRequest): Promise<InitResult>
  sealBackends(): readonly SealBackend[]
  /** One share, hex or base64. `migrate`: it is given to move the vault to another seal. */
  unseal(key: string, migrate?: boolean): Promise<SealStatus>
  resetUnseal(): Promise<SealStatus>
  seal(): Promise<void>
  stepDown(): Promise<void>
  keyStatus(): KeyStatus
  rotate(): Promise<void>
  rotateConfig(): RotateConfig
  setRotateConfig(config: RotateConfig): Promise<void>
  state(): ServerState
  /** Wall clock of becoming active, ms. */
  activeSince(): number | undefined
  /** This server and those it knows of. */
  nodes(): readonly ServerNode[]
  /** Who leads the servers that share the storage; undefined where nobody does, or nothing is shared. */
  leader(): Promise<LeaderAddress | undefined>
  /** Several servers can share the storage. */
  readonly shared: boolean
}

export interface AuditDeviceInit {
  readonly type: string
  readonly description: string
  readonly local: boolean
  readonly options: ReadonlyMap<string, string>
}

export interface AuditDeviceInfo extends AuditDeviceInit {
  /** With a trailing slash. */
  readonly path: string
}

/** Whose signatures stand in the checkpoints of chained audit logs. */
export interface AuditChainKey {
  readonly id: string
  /** PEM. */
  readonly publicKey: string
  /** RFC 3339. */
  readonly created: string
  /** The last checkpoint that this node noted, by the path of the device. */
  readonly checkpoints: ReadonlyMap<string, { readonly id: string; readonly n: number; readonly hash: string }>
}

export interface AuditAdminPort {
  list(): readonly AuditDeviceInfo[]
  enable(view: WriteView, path: string, init: AuditDeviceInit): Promise<void>
  disable(view: WriteView, path: string): Promise<void>
  /** Undefined while no device ever was chained. */
  chainKey(view: ReadView): Promise<AuditChainKey | undefined>
  /** `hmac-sha256:…` of a value, as the device writes it. */
  hash(path: string, input: string): Promise<string>
  /** Lower-case header names and whether their values are HMACed. */
  headers(view: ReadView): Promise<ReadonlyMap<string, { readonly hmac: boolean }>>
  putHeader(view: WriteView, name: string, hmac: boolean): Promise<void>
  deleteHeader(view: WriteView, name: string): Promise<void>
}

export interface CorsConfig {
  readonly enabled: boolean
  readonly allowedOrigins: readonly string[]
  readonly allowedHeaders: readonly string[]
}

export interface CorsPort {
  get(): CorsConfig
  put(view: WriteView, config: CorsConfig): Promise<void>
  delete(view: WriteView): Promise<void>
}

export interface InFlightRequest {
  readonly id: string
  /** Wall clock, ms. */
  readonly startedAt: number
  readonly remoteAddress: string
  readonly path: string
  readonly method: string
}

/** What can be told of the process and its work. */
export interface ObservePort {
  /** Undefined where the configuration turned that form off. */
  prometheus(): Awaitable<string | undefined>
  metricsJson(): Awaitable<string>
  inFlight(): Awaitable<readonly InFlightRequest[]>
  loggers(): ReadonlyMap<string, string>
  /** Undefined name: all. False for an unknown level. */
  setLogLevel(name: string | undefined, level: string): boolean
  resetLogLevel(name: string | undefined): void
  versionHistory(view: ReadView): Promise<
    readonly {
      readonly version: string
      readonly previousVersion: string | undefined
      readonly installedAt: string
      readonly buildDate: string
    }[]
  >
  hostInfo(): Promise<ReadonlyMap<string, JsonOut>>
  /** The OpenAPI document of these mounts: no others may be told of, as the caller need not know that they exist. */
  openapi(mounts: readonly Mount[], options: { readonly genericMountPaths: boolean }): RawReply
  /** The configuration without secrets, for `sys/config/state/sanitized`. */
  sanitizedConfig(): ReadonlyMap<string, JsonOut>
  readonly version: string
  readonly buildDate: string
}

export interface SystemPorts {
  readonly mounts: MountsPort
  readonly namespaces: NamespacesPort
  readonly namespaceSeals: NamespaceSealsPort
  readonly policies: PoliciesPort
  readonly callers: CallerLookup
  readonly lifecycle: LifecyclePort
  readonly audit: AuditAdminPort
  readonly cors: CorsPort
  readonly observe: ObservePort
  /** Uniform random bytes. */
  random(bytes: number): Uint8Array
}
