/**
 * The vault in the folder of a server that does not run, opened with the program's own parts: what takes an hour over HTTP is written
 * in transactions of thousands. Everything gets the records and index entries that a request would have made.
 */
import { TokenStore, type TokenStoreDeps } from '../../src/auth/token-store.ts'
import { BatchTokenSealer } from '../../src/core/token-sealer.ts'
import { writeSecret } from '../../src/engines/secrets/kv/v2/secret.ts'
import { tokenLeases } from '../../src/leases/token-leases.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { RawJson } from '../../src/lib/json/index.ts'
import { silentLogger } from '../../src/lib/observe/index.ts'
import type { TokenInit } from '../../src/request/token-ports.ts'
import { Barrier } from '../../src/seal/barrier.ts'
import { SealManager } from '../../src/seal/seal-manager.ts'
import { ShamirSeal } from '../../src/seal/shamir-seal.ts'
import { decodeShare } from '../../src/seal/share-text.ts'
import type { ReadSet, Sequence, WriteSet } from '../../src/storage/driver.ts'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { Store } from '../../src/storage/store.ts'
import type { WriteView } from '../../src/storage/view.ts'
import { PassingDriver } from './passing-driver.ts'

export interface Tokens {
  readonly count: number
  /** Whose children they are; orphans where absent. */
  readonly parent?: string
  /** Seconds. */
  readonly ttl: number
  /** When they were made, ms; now where absent. */
  readonly madeAt?: number
}

export interface Secrets {
  readonly count: number
  /** The uuid of a mount of KV version 2. */
  readonly mount: string
  readonly data: object
}

/** Things in one transaction. */
const BATCH = 20_000
/** Transactions at once: while one is being written, the next is being encrypted. */
const LANES = 2
/** Entries in one commit. */
const PIECE = 25_000
const LIMITS = { defaultTtl: 2_764_800, maxTtl: 2_764_800 }

export class FilledVault implements AsyncDisposable {
  readonly #driver: SweepingDriver
  readonly #manager: SealManager
  readonly #deps: Omit<TokenStoreDeps, 'clock'>

  private constructor(driver: SweepingDriver, barrier: Barrier, store: Store, manager: SealManager) {
    this.#driver = driver
    this.#manager = manager
    this.#deps = {
      store,
      log: silentLogger,
      leases: tokenLeases,
      sealer: new BatchTokenSealer(barrier),
      privateStorage: () => [],
      limitsOf: () => LIMITS,
      limitsOfUuid: () => LIMITS,
    }
  }

  /**
   * @param folder of the data.
   * @param key the only share, as `sys/init` gave it.
   */
  static async open(folder: string, key: string): Promise<FilledVault> {
    const driver = new SweepingDriver(new LmdbDriver({ path: folder }))
    const barrier = new Barrier({ driver, clock: systemClock, reservation: 1_000_000 })
    const store = new Store(driver, barrier)
    const manager = new SealManager({ store, barrier, seal: new ShamirSeal() })
    await manager.submit(decodeShare(key))
    return new FilledVault(driver, barrier, store, manager)
  }

  async addTokens({ count, parent, ttl, madeAt }: Tokens): Promise<void> {
    const { store } = this.#deps
    const tokens = await TokenStore.open({ ...this.#deps, clock: { now: () => madeAt ?? systemClock.now() } })
    const parentKey =
      parent === undefined ? undefined : (await store.read(async (view) => tokens.find(view, parent)))?.key
    const init: TokenInit = {
      type: 'service',
      parent: parentKey,
      policies: ['default'],
      path: 'auth/token/create',
      meta: undefined,
      displayName: 'token',
      numUses: 0,
      ttl,
      explicitMaxTtl: 0,
      period: 0,
      role: '',
      entityId: '',
      boundCidrs: [],
      renewable: true,
      namespaceId: 'root',
    }
    await this.#inBatches(count, async (view) => void (await tokens.make(view, init)))
    tokens.close()
  }

  /** Below `many/`, a thousand in each folder: `many/<folder>/<number>`. */
  async addSecrets({ count, mount, data }: Secrets): Promise<void> {
    const text = new RawJson(JSON.stringify(data))
    await this.#inBatches(count, async (view, i) => {
      await writeSecret(view.sub(`logical/${mount}/`), secretPath(i), text, undefined, systemClock.now())
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager.seal()
    await this.#driver.close()
  }

  async #inBatches(count: number, make: (view: WriteView, i: number) => Promise<void>): Promise<void> {
    let next = 0
    const lane = async () => {
      while (next < count) {
        const from = next
        const to = (next = Math.min(count, from + BATCH))
        await this.#deps.store.write(async (view) => {
          for (let i = from; i < to; i++) await make(view, i)
        })
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
  }
}

export function secretPath(i: number): string {
  return `many/${Math.floor(i / 1000)}/${i % 1000}`
}

/**
 * Cuts a commit into several, in the order of the keys: then a page of the file is written once for all that comes into it, not once
 * for each. A filled vault is made by nobody but the test, so nobody sees one that is half there.
 */
class SweepingDriver extends PassingDriver {
  override async commit(reads: ReadSet, writes: WriteSet): Promise<Sequence> {
    const sorted = [...writes].sort(([a], [b]) => (a < b ? -1 : 1))
    let last = this.sequence
    for (let at = 0; at < sorted.length; at += PIECE)
      last = await this.inner.commit(at === 0 ? reads : BLIND, new Map(sorted.slice(at, at + PIECE)))
    return last
  }
}

const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
