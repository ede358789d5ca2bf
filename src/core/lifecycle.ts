/**
 * The server's own life: uninitialised, sealed, active. The seal opens the barrier and closes it; this loads what an active server
 * needs in between and says when requests are answered.
 */
import { decodeShare } from '../seal/share-text.ts'
import { readPgpKey } from '../seal/pgp.ts'
import type { Barrier } from '../seal/barrier.ts'
import { SealManager, type SealStatus as SealState } from '../seal/seal-manager.ts'
import type { Seal } from '../seal/seal.ts'
import { requestErrors } from '../errors/request.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { wipe } from '../lib/secure/guarded.ts'
import type {
  InitRequest,
  InitResult,
  KeyStatus,
  LifecyclePort,
  RotateConfig,
  SealStatus,
  ServerNode,
} from '../request/system-ports.ts'
import type { Store, Transaction } from '../storage/store.ts'
import { toCofferError } from './failure.ts'
import type { ServerState } from './deps.ts'

/** A part that lives only while the server is active. */
export interface ActivePart {
  /** The barrier is open; requests are still refused. */
  start(): Promise<void> | void
  /** No request is let in any more; the barrier is still open. */
  stop(): Promise<void> | void
}

export interface LifecycleDeps {
  readonly store: Store
  readonly barrier: Barrier
  readonly seal: Seal
  readonly clock: Clock
  readonly log: Logger
  readonly storageType: string
  /** Started in this order, stopped in the reverse one. */
  readonly parts: readonly ActivePart[]
  /** Writes what a new vault has: first mounts, policies, its identity; gives the root token. */
  populate(transaction: Transaction): Promise<string>
  cluster(): { readonly name: string; readonly id: string } | undefined
  readonly hostname: string
  readonly apiAddress: string
  readonly version: string
}

/** How often the keyring is asked whether it is due for rotation, ms. */
const ROTATION_CHECK = 300_000

export class Lifecycle implements LifecyclePort {
  readonly #deps: LifecycleDeps
  readonly #seal: SealManager
  #status: SealState | undefined
  #active = false
  #since: number | undefined
  #started: ActivePart[] = []
  #rotation: Timer | undefined

  constructor(deps: LifecycleDeps) {
    this.#deps = deps
    const hooks = { unsealed: () => this.#activate(), sealing: () => this.#deactivate() }
    this.#seal = new SealManager({ store: deps.store, barrier: deps.barrier, seal: deps.seal, hooks })
  }

  /** Reads from the storage whether there is a vault. Before this every request finds a sealed server. */
  async load(): Promise<void> {
    this.#status = await this.#seal.status()
  }

  state(): ServerState {
    if (this.#active) return 'active'
    return this.#status?.initialized === true ? 'sealed' : 'uninitialized'
  }

  activeSince(): number | undefined {
    return this.#since
  }

  sealStatus(): SealStatus {
    const status = this.#status
    const cluster = this.#active ? this.#deps.cluster() : undefined
    return {
      type: status?.type ?? this.#deps.seal.type,
      initialized: status?.initialized ?? false,
      sealed: !this.#active,
      threshold: status?.threshold ?? 0,
      shares: status?.shares ?? 0,
      progress: status?.progress ?? 0,
      nonce: status?.nonce ?? '',
      recoverySeal: status?.recoverySeal ?? false,
      migration: false,
      clusterName: cluster?.name,
      clusterId: cluster?.id,
      storageType: this.#deps.storageType,
    }
  }

  async initialize(request: InitRequest): Promise<InitResult> {
    const rootTokenKey = request.rootTokenPgpKey === '' ? undefined : await readPgpKey(request.rootTokenPgpKey)
    const { shares, result } = await this.#seal.initialize(
      {
        shares: request.secretShares,
        threshold: request.secretThreshold,
        ...(request.pgpKeys.length === 0 ? {} : { pgpKeys: request.pgpKeys }),
      },
      async (transaction) => {
        const token = await this.#deps.populate(transaction)
        // Encrypted before the commit: a key that cannot encrypt must not leave a vault nobody can enter.
        return rootTokenKey === undefined
          ? token
          : Buffer.from(await rootTokenKey.encrypt(Buffer.from(token))).toString('base64')
      },
    )
    this.#status = await this.#seal.status()
    const answer = {
      keys: shares.map((share) => Buffer.from(share).toString('hex')),
      keysBase64: shares.map((share) => Buffer.from(share).toString('base64')),
      rootToken: result,
    }
    for (const share of shares) wipe(share)
    this.#deps.log.info('initialized', { shares: request.secretShares, threshold: request.secretThreshold })
    return answer
  }

  async unseal(key: string): Promise<SealStatus> {
    try {
      this.#status = await this.#seal.submit(decodeShare(key))
    } catch (error) {
      this.#status = await this.#seal.status()
      throw error
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
  }

  /** A single server has nobody to hand over to: as in Vault, that is no error. */
  async stepDown(): Promise<void> {
    if (!this.#active) throw requestErrors.SEALED()
  }

  nodes(): readonly ServerNode[] {
    const { hostname, apiAddress, version } = this.#deps
    return [{ hostname, apiAddress, clusterAddress: '', active: this.#active, lastEcho: undefined, version }]
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
      for (const part of this.#deps.parts) {
        this.#started.push(part)
        await part.start()
      }
    } catch (error) {
      this.#deps.log.error('the server could not become active and stays sealed', { code: toCofferError(error).code })
      await this.#stopParts()
      throw error
    }
    this.#active = true
    this.#since = this.#deps.clock.now()
    this.#watchRotation()
    this.#deps.log.info('unsealed and active')
  }

  async #deactivate(): Promise<void> {
    this.#active = false
    this.#since = undefined
    this.#rotation?.cancel()
    await this.#stopParts()
    this.#deps.log.info('sealed')
  }

  async #stopParts(): Promise<void> {
    for (const part of this.#started.toReversed()) {
      try {
        await part.stop()
      } catch (error) {
        this.#deps.log.error('a part did not stop in order', { code: toCofferError(error).code })
      }
    }
    this.#started = []
  }

  #watchRotation(): void {
    this.#rotation = this.#deps.clock.timer(ROTATION_CHECK, async () => {
      if (!this.#active) return
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
