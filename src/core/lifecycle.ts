/**
 * The server's own life: uninitialised, sealed, active. The seal opens the barrier and closes it; this loads what an active server
 * needs in between and says when requests are answered.
 */
import { decodeShare } from '../seal/share-text.ts'
import { readPgpKey } from '../seal/pgp.ts'
import type { Barrier } from '../seal/barrier.ts'
import type { Change } from '../seal/rekeying.ts'
import type { VaultSealState } from '../request/seal-state.ts'
import { SealManager } from '../seal/seal-manager.ts'
import { SEAL_CONFIG_KEY } from '../seal/storage-keys.ts'
import type { SealHealth } from '../seal/auto/health-watch.ts'
import { reasonOf } from '../seal/reason.ts'
import type { ConfiguredSeals } from '../seal/seal.ts'
import { CofferError } from '../errors/coffer-error.ts'
import { requestErrors } from '../errors/request.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { wipe } from '../lib/secure/guarded.ts'
import type {
  InitRequest,
  InitResult,
  KeyStatus,
  LeaderAddress,
  LifecyclePort,
  RotateConfig,
  SealBackend,
  SealStatus,
  ServerNode,
  ServerState,
} from '../request/system-ports.ts'
import type { Leadership } from '../storage/driver.ts'
import type { Store, Transaction } from '../storage/store.ts'
import { toCofferError } from './failure.ts'
import { RoleKeeper } from './role-keeper.ts'
import type { SharedKeys, ThreadsPort } from './threads-port.ts'

/** As what a core works while it is unsealed: it may write, or it follows one that does. */
export type Role = 'leader' | 'reader'

/** A part that lives only while the server is unsealed; it is stopped and started again when the role changes. */
export interface ActivePart {
  /** The barrier is open; requests are still refused. */
  start(role: Role): Promise<void> | void
  /** No request is let in any more; the barrier is still open. */
  stop(): Promise<void> | void
}

export interface LifecycleDeps extends ConfiguredSeals {
  readonly store: Store
  readonly barrier: Barrier
  /** Undefined of a seal that relies on nothing outside the server. */
  readonly sealHealth: () => SealHealth | undefined
  readonly clock: Clock
  readonly log: Logger
  readonly storageType: string
  /** Started in this order, stopped in the reverse one. */
  readonly parts: readonly ActivePart[]
  /** Writes what a new vault has: first mounts, policies, its identity; gives the root token. */
  populate(transaction: Transaction): Promise<string>
  cluster(): { readonly name: string; readonly id: string } | undefined
  /** What the other nodes are told of this one while it leads. */
  readonly identity: string
  readonly threads: ThreadsPort
  /** What the serving threads need to read. */
  shareKeys(): SharedKeys
  /** The vault is sealed: the keys of namespaces are to be wiped, too. */
  discardNamespaceKeys(): void
  /** Another vault has taken the place of this one, and is sealed. */
  vaultReplaced(): void
  roleChanged(role: Role | undefined, leadership: Leadership | undefined): void
  /** This node and those it knows of. */
  nodes(leads: boolean): readonly ServerNode[]
  leader(): Promise<LeaderAddress | undefined>
}

/** How often the keyring is asked whether it is due for rotation, ms. */
const ROTATION_CHECK = 300_000

/** From when it is not known which root key stands until the node seals itself, ms. Nothing can be read or written meanwhile. */
const UNSETTLED_GRACE = 1_000

/** How long to wait for another node that holds the storage, ms. */
const PATIENCE_TO_LEAD = 30_000

export class Lifecycle implements LifecyclePort {
  readonly #deps: LifecycleDeps
  readonly #seal: SealManager
  #status: VaultSealState | undefined
  readonly #roles: RoleKeeper
  #unsealed = false
  /** At rest, while all that is stored is replaced. */
  #restoring = false
  #rotation: Timer | undefined

  constructor(deps: LifecycleDeps) {
    this.#deps = deps
    const { store, barrier, clock, log, parts } = deps
    this.#roles = new RoleKeeper({
      store,
      barrier,
      clock,
      log,
      parts,
      election: store.driver.election,
      identity: deps.identity,
      keysLost: () => this.keysLost(),
      changed: (role, leadership) => deps.roleChanged(role, leadership),
    })
    const hooks = {
      unsealed: () => this.#activate(),
      sealing: () => this.#deactivate(),
      pausing: () => this.#pause(),
      resuming: () => this.#resume(),
      rekeyed: () => this.#shareRootKey(),
    }
    this.#seal = new SealManager({ ...deps, hooks })
  }

  /** Reads from the storage whether there is a vault. Before this every request finds a sealed server. */
  async load(): Promise<void> {
    // Another node may make the vault, or a snapshot may bring one.
    this.#deps.store.driver.subscribe(({ keys, reset }) => {
      if (reset === true || keys.includes(SEAL_CONFIG_KEY)) void this.#refresh()
    })
    this.#status = await this.#seal.status()
    if (this.#status.migration)
      this.#deps.log.warn('the vault is to be moved to another seal: until then it does not unseal by itself', {
        to: this.#status.type,
      })
  }

  /** Never rejects. */
  async #refresh(): Promise<void> {
    try {
      this.#status = await this.#seal.status()
    } catch (error) {
      const { code } = toCofferError(error)
      // The keys were lost, of which was told.
      if (code !== 'REQUEST_SEALED') this.#deps.log.warn('the state of the seal could not be read', { code })
    }
  }

  state(): ServerState {
    if (this.#unsealed) return this.#roles.role() === 'leader' ? 'active' : 'standby'
    if (this.#restoring) return 'restoring'
    return this.#status?.initialized === true ? 'sealed' : 'uninitialized'
  }

  /** As what this node works now; undefined while sealed and between two roles. */
  role(): Role | undefined {
    return this.#unsealed ? this.#roles.role() : undefined
  }

  activeSince(): number | undefined {
    return this.#roles.leadingSince
  }

  sealStatus(): SealStatus {
    const status = this.#status
    const sealed = !this.#unsealed && !this.#restoring
    const cluster = sealed ? undefined : this.#deps.cluster()
    return {
      type: status?.type ?? this.#deps.seal.type,
      initialized: status?.initialized ?? false,
      sealed,
      threshold: status?.threshold ?? 0,
      shares: status?.shares ?? 0,
      progress: status?.progress ?? 0,
      nonce: status?.nonce ?? '',
      recoverySeal: status?.recoverySeal ?? false,
      migration: status?.migration ?? false,
      clusterName: cluster?.name,
      clusterId: cluster?.id,
      storageType: this.#deps.storageType,
    }
  }

  sealBackends(): readonly SealBackend[] {
    const health = this.#deps.sealHealth() ?? { healthy: true, unhealthySince: undefined }
    return [{ name: this.#deps.seal.type, ...health }]
  }

  async initialize(request: InitRequest): Promise<InitResult> {
    const made = await this.#leading(() => this.#initialize(request))
    // What was made must be answered, whatever comes of the unsealing.
    if (this.#deps.seal.autoUnseal) await this.unsealByItself().catch((error: unknown) => this.#stayedSealed(error))
    return made
  }

  /** Where nodes share the storage only the leader writes: a node that is not unsealed leads for one thing alone. */
  async #leading<T>(action: () => Promise<T>): Promise<T> {
    const { store, identity } = this.#deps
    const leadership = await store.driver.election?.campaign(identity, AbortSignal.timeout(PATIENCE_TO_LEAD))
    try {
      return await action()
    } finally {
      await leadership?.release()
    }
  }

  async #initialize(request: InitRequest): Promise<InitResult> {
    const rootTokenKey = request.rootTokenPgpKey === '' ? undefined : await readPgpKey(request.rootTokenPgpKey)
    const auto = this.#deps.seal.autoUnseal
    const wanted = auto
      ? {
          shares: request.recoveryShares ?? 0,
          threshold: request.recoveryThreshold ?? 0,
          pgpKeys: request.recoveryPgpKeys ?? [],
        }
      : { shares: request.secretShares, threshold: request.secretThreshold, pgpKeys: request.pgpKeys }
    const { shares, result } = await this.#seal
      .initialize(wanted, async (transaction) => {
        const token = await this.#deps.populate(transaction)
        // Encrypted before the commit: a key that cannot encrypt must not leave a vault nobody can enter.
        return rootTokenKey === undefined
          ? token
          : Buffer.from(await rootTokenKey.encrypt(Buffer.from(token))).toString('base64')
      })
      .catch((error: unknown) => this.#tellWhy(error))
    this.#status = await this.#seal.status()
    const hex = shares.map((share) => Buffer.from(share).toString('hex'))
    const base64 = shares.map((share) => Buffer.from(share).toString('base64'))
    for (const share of shares) wipe(share)
    this.#deps.log.info('initialized', { shares: wanted.shares, threshold: wanted.threshold })
    return auto
      ? { keys: [], keysBase64: [], recoveryKeys: hex, recoveryKeysBase64: base64, rootToken: result }
      : { keys: hex, keysBase64: base64, recoveryKeys: [], recoveryKeysBase64: [], rootToken: result }
  }

  /** Rejects as `SealManager.unsealByItself`. */
  async unsealByItself(): Promise<void> {
    try {
      await this.#seal.unsealByItself()
    } finally {
      this.#status = await this.#seal.status()
    }
  }

  /** As `SealManager.rewrapIfOutdated`. */
  rewrapIfOutdated(): Promise<boolean> {
    return this.#seal.rewrapIfOutdated()
  }

  /** As `SealManager.verifyShares`: whether those who hold shares agree to something. */
  verifyShares(shares: readonly Uint8Array[]): Promise<void> {
    return this.#seal.verifyShares(shares)
  }

  /** As `SealManager.status`, from the storage. */
  sealState(): Promise<VaultSealState> {
    return this.#seal.status()
  }

  /** As `SealManager.rekey`. */
  async rekey(change: Change): Promise<void> {
    try {
      await this.#seal.rekey(change)
      this.#status = await this.#seal.status()
    } finally {
      // It is not known which root key stands. What the caller is to be told of that gets out first.
      if (this.#deps.barrier.sealed) this.#deps.clock.timer(UNSETTLED_GRACE, () => this.keysLost())
    }
  }

  /** Another node has put another root key in place, which this one has taken over by now. Its threads may not have heard of it. */
  rootKeyChanged(): void {
    this.#seal
      .whileOpen(() => this.#shareRootKey())
      .catch((error: unknown) =>
        this.#deps.log.error('the serving threads could not be given the new root key', {
          code: toCofferError(error).code,
        }),
      )
  }

  async unseal(key: string, migrate = false): Promise<SealStatus> {
    const before = this.#status
    try {
      const submit = () => this.#seal.submit(decodeShare(key), migrate)
      this.#status = await (migrate ? this.#leading(submit) : submit())
      if (before?.migration === true && !this.#status.migration)
        this.#deps.log.info('the vault was moved to another seal', { to: this.#status.type })
    } catch (error) {
      this.#status = await this.#seal.status()
      this.#tellWhy(error)
    }
    return this.sealStatus()
  }

  async resetUnseal(): Promise<SealStatus> {
    this.#seal.resetProgress()
    this.#status = await this.#seal.status()
    return this.sealStatus()
  }

  async seal(): Promise<void> {
    await this.#seal.seal()
    this.#status = await this.#seal.status()
  }

  /** As `SealManager.replaceAll`: every part is stopped and started again around `work`, and requests get 503 meanwhile. */
  async replaceAll(work: () => Promise<unknown>): Promise<void> {
    try {
      await this.#seal.replaceAll(work)
    } finally {
      this.#status = await this.#seal.status()
    }
    if (this.#status.sealed) this.#deps.vaultReplaced()
  }

  /** The storage holds another vault from now on: this node is sealed and opens with that vault's shares. */
  keysLost(): void {
    if (!this.#unsealed) return
    this.#deps.log.error('the storage holds what the keys of this node do not open: it seals itself')
    this.seal().then(
      () => this.#deps.vaultReplaced(),
      (error: unknown) =>
        this.#deps.log.error('the node could not seal itself in order', { code: toCofferError(error).code }),
    )
  }

  /** A single server has nobody to hand over to: as in Vault, that is no error. */
  async stepDown(): Promise<void> {
    if (!this.#unsealed) throw requestErrors.SEALED()
    await this.#roles.stepDown()
  }

  nodes(): readonly ServerNode[] {
    return this.#deps.nodes(this.state() === 'active')
  }

  get shared(): boolean {
    return this.#deps.store.driver.election !== undefined
  }

  leader(): Promise<LeaderAddress | undefined> {
    return this.#deps.leader()
  }

  keyStatus(): KeyStatus {
    const { term, installTime, encryptions } = this.#deps.barrier.keyStatus()
    return { term, installTime: new Date(installTime).toISOString(), encryptions }
  }

  async rotate(): Promise<void> {
    const { term } = await this.#deps.barrier.rotate()
    this.#deps.log.info('installed a new encryption key', { term })
  }

  rotateConfig(): RotateConfig {
    return this.#deps.barrier.rotationConfig
  }

  async setRotateConfig(config: RotateConfig): Promise<void> {
    await this.#deps.barrier.setRotationConfig(config)
  }

  async #activate(): Promise<void> {
    try {
      await this.#roles.begin()
      await this.#deps.threads.open(() => this.#deps.shareKeys())
    } catch (error) {
      this.#deps.log.error('the server could not become active and stays sealed', { code: toCofferError(error).code })
      await this.#close()
      throw error
    }
    this.#unsealed = true
    this.#watchRotation()
    this.#deps.log.info(this.#deps.store.driver.election === undefined ? 'unsealed and active' : 'unsealed')
  }

  /** Says why a key service failed, which clients are not told. */
  #tellWhy(error: unknown): never {
    if (error instanceof CofferError && error.code === 'SEAL_UNAVAILABLE')
      this.#deps.log.error('the key service of the seal failed', {
        seal: this.#deps.seal.type,
        reason: reasonOf(error),
      })
    throw error
  }

  #stayedSealed(error: unknown): void {
    this.#deps.log.error('initialized, but the server could not unseal by itself', {
      code: toCofferError(error).code,
      reason: reasonOf(error),
    })
  }

  async #deactivate(): Promise<void> {
    this.#unsealed = false
    this.#restoring = false
    this.#rotation?.cancel()
    await this.#close()
    this.#deps.log.info('sealed')
  }

  async #pause(): Promise<void> {
    this.#restoring = true
    this.#unsealed = false
    await this.#deps.threads.close()
    await this.#roles.pause()
  }

  async #resume(): Promise<void> {
    await this.#roles.resume()
    await this.#deps.threads.open(() => this.#deps.shareKeys())
    this.#unsealed = true
    this.#restoring = false
  }

  /** A thread that slept while the key was replaced more than once would not find its way. */
  async #shareRootKey(): Promise<void> {
    await this.#deps.threads.close()
    await this.#deps.threads.open(() => this.#deps.shareKeys())
  }

  async #close(): Promise<void> {
    try {
      await this.#deps.threads.close()
      await this.#roles.end()
    } finally {
      this.#deps.discardNamespaceKeys()
    }
  }

  #watchRotation(): void {
    this.#rotation = this.#deps.clock.timer(ROTATION_CHECK, async () => {
      if (this.role() !== 'leader') return this.#watchRotation()
      try {
        if (await this.#deps.barrier.rotateIfDue())
          this.#deps.log.info('installed a new encryption key, as the old one was due')
      } catch (error) {
        this.#deps.log.error('the encryption key could not be rotated', { code: toCofferError(error).code })
      }
      this.#watchRotation()
    })
  }
}
