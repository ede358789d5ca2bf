/**
 * The vault in the folder of a server that does not run, opened with the program's own parts: what takes an hour over HTTP is written
 * in transactions of thousands. Everything gets the records and index entries that a request would have made.
 */
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createToken } from '../../src/auth/create-token.ts'
import { TokenRecords } from '../../src/auth/records.ts'
import { TokenHasher } from '../../src/auth/token-hasher.ts'
import { tokenKeys } from '../../src/auth/token-keys.ts'
import { BatchTokenSealer } from '../../src/core/token-sealer.ts'
import { writeSecret } from '../../src/engines/secrets/kv/v2/secret.ts'
import { tokenLeases } from '../../src/leases/token-leases.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { RawJson } from '../../src/lib/json/index.ts'
import type { TokenInit } from '../../src/request/token-ports.ts'
import { Barrier } from '../../src/seal/barrier.ts'
import { SealManager } from '../../src/seal/seal-manager.ts'
import { ShamirSeal } from '../../src/seal/shamir-seal.ts'
import { decodeShare } from '../../src/seal/share-text.ts'
import type { ReadSet, Sequence, WriteSet } from '../../src/storage/driver.ts'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { openDatabase } from '../../src/storage/drivers/lmdb-environment.ts'
import { Store } from '../../src/storage/store.ts'
import type { WriteView } from '../../src/storage/view.ts'
import { PassingDriver } from '../../src/storage/passing-driver.ts'

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

export class FilledVault implements AsyncDisposable {
  readonly #folder: string
  readonly #driver: SweepingDriver
  readonly #manager: SealManager
  readonly #barrier: Barrier
  readonly #store: Store

  private constructor(folder: string, driver: SweepingDriver, barrier: Barrier, store: Store, manager: SealManager) {
    this.#folder = folder
    this.#driver = driver
    this.#manager = manager
    this.#barrier = barrier
    this.#store = store
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
    return new FilledVault(folder, driver, barrier, store, manager)
  }

  async addTokens({ count, parent, ttl, madeAt }: Tokens): Promise<void> {
    const salt = await this.#store.read((view) => view.get(tokenKeys.salt))
    if (salt === undefined) throw new Error('the vault was never unsealed')
    const hasher = new TokenHasher(salt)
    const deps = {
      records: new TokenRecords({ hasher, leases: tokenLeases, privateStorage: () => [] }),
      hasher,
      sealer: new BatchTokenSealer(this.#barrier),
      clock: { now: () => madeAt ?? systemClock.now() },
    }
    const init: TokenInit = {
      type: 'service',
      parent: parent === undefined ? undefined : hasher.keyOf(parent),
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
    await this.#inBatches(count, async (view) => void (await createToken(view, init, deps)))
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
    await compact(this.#folder)
  }

  async #inBatches(count: number, make: (view: WriteView, i: number) => Promise<void>): Promise<void> {
    let next = 0
    const lane = async () => {
      while (next < count) {
        const from = next
        const to = (next = Math.min(count, from + BATCH))
        await this.#store.write(async (view) => {
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
    const keys = [...writes.keys()].sort()
    let last = this.sequence
    for (let at = 0; at < keys.length; at += PIECE) {
      const piece = keys.slice(at, at + PIECE).map((key) => [key, writes.get(key)] as const)
      last = await this.inner.commit(at === 0 ? reads : BLIND, new Map(piece))
    }
    return last
  }
}

const MAP_SIZE = 64 * 2 ** 30
const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }

/** Leaves out the pages that the large transactions left free: no server's small ones would have left so many. */
async function compact(folder: string): Promise<void> {
  const copy = join(folder, 'compact')
  mkdirSync(copy)
  const db = openDatabase(folder, MAP_SIZE)
  await db.backup(copy, true)
  await db.close()
  renameSync(join(copy, 'data.mdb'), join(folder, 'data.mdb'))
  rmSync(join(folder, 'lock.mdb'))
  rmSync(copy, { recursive: true })
  chmodSync(join(folder, 'data.mdb'), 0o600)
}
