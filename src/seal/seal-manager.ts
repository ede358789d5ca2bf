/** The life of a seal, the vault's or a namespace's: initialise, unseal, seal. One step at a time, however many ask at once. */
import { CofferError } from '../errors/coffer-error.ts'
import { requestErrors } from '../errors/request.ts'
import { sealErrors } from '../errors/seal.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import { guard, randomSecret, type SecretBytes, wipe } from '../lib/secure/guarded.ts'
import type { VaultSealState } from '../request/seal-state.ts'
import { FairLane } from '../storage/fair-lane.ts'
import type { Store, Transaction } from '../storage/store.ts'
import { AutoSeal } from './auto/auto-seal.ts'
import type { Barrier } from './barrier.ts'
import { KEY_BYTES } from './envelope.ts'
import { createKeys, recipientsOf, type Initialized, type InitializeRequest } from './first-keys.ts'
import { MigrationPlan, recordsUnder } from './migration.ts'
import { assertEnough, checkLength, rootKeyOf } from './proof.ts'
import type { ConfiguredSeals, Seal } from './seal.ts'
import { type Change, recordsWith } from './rekeying.ts'
import { areCurrent, readSealRecords, type SealRecords, sharesOf, writeSealRecords } from './seal-records.ts'
import { combine } from './shamir.ts'
import { KEYRING_KEY, RECOVERY_KEY_KEY, ROOT_KEY_KEY, SEAL_CONFIG_KEY } from './storage-keys.ts'
import { commitForSure } from './settle.ts'
import { UnsealProgress } from './unseal-progress.ts'

/** What happens in the server around the seal's changes. */
export interface SealHooks {
  /** The barrier is open and requests are still refused: load what the server needs. If it rejects, the vault is sealed again. */
  unsealed?(): Promise<void>
  /** Requests are refused from now on; the barrier is still open: end what is under way. */
  sealing?(): Promise<void>
  /** The same for a moment, in which all that is stored is replaced; then comes `resuming`, or `sealing`. */
  pausing?(): Promise<void>
  resuming?(): Promise<void>
  /** Another root key stands from now on. */
  rekeyed?(): Promise<void>
}

/** A migration whose records are made and, where this server may not write, not yet stored. */
interface Prepared {
  readonly before: SealRecords
  readonly after: SealRecords
}

export class SealManager {
  readonly #store: Store
  readonly #barrier: Barrier
  readonly #seal: Seal
  readonly #plan: MigrationPlan
  readonly #hooks: SealHooks
  readonly #home: string
  readonly #lane = new FairLane()
  readonly #progress = new UnsealProgress()
  /** Whether shares for a migration have a meaning to this server, also once it is done. */
  #migrates: boolean
  #prepared: Prepared | undefined
  #sealed: boolean

  constructor(
    parts: ConfiguredSeals & {
      readonly store: Store
      readonly barrier: Barrier
      readonly hooks?: SealHooks
      /** The folder of the namespace whose seal it is; empty for the vault's. */
      readonly home?: string
    },
  ) {
    this.#store = parts.store
    this.#barrier = parts.barrier
    this.#seal = parts.seal
    this.#plan = new MigrationPlan(parts)
    this.#migrates = parts.retired !== undefined
    this.#hooks = parts.hooks ?? {}
    this.#home = parts.home ?? ''
    // The keys of a namespace stay when the part of the server that works it changes.
    this.#sealed = this.#home === '' || parts.barrier.sealed
  }

  /** Whether requests are refused. */
  get sealed(): boolean {
    return this.#sealed
  }

  async initialized(): Promise<boolean> {
    return (await this.#records()) !== undefined
  }

  /** Throws `SEAL_NO_RETIRED_SEAL` where the vault is of a seal that is not configured. */
  async status(): Promise<VaultSealState> {
    const records = await this.#records()
    const numbers = records === undefined ? { shares: 0, threshold: 0 } : sharesOf(records)
    return {
      type: this.#seal.type,
      initialized: records !== undefined,
      sealed: this.#sealed,
      threshold: numbers.threshold,
      shares: numbers.shares,
      progress: this.#progress.count,
      nonce: this.#progress.nonce,
      recoverySeal: this.#seal.autoUnseal,
      migration: records !== undefined && (await this.#migratesFrom(records)) !== undefined,
    }
  }

  /**
   * Makes the keys and writes them together with what `populate` writes (the root token, first mounts), all at once: a crash leaves
   * a vault that is not initialised, or one that is whole. The vault is sealed afterwards.
   * Throws `SEAL_INVALID_CONFIG`, `SEAL_INVALID_RECOVERY_CONFIG`, `SEAL_ALREADY_INITIALIZED`, what the seal throws or what
   * `populate` throws.
   */
  async initialize<T>(
    request: InitializeRequest,
    populate: (transaction: Transaction) => Awaitable<T>,
  ): Promise<Initialized<T>> {
    const recipients = await recipientsOf(request, this.#seal)
    const leave = await this.#lane.enter()
    try {
      if (await this.initialized()) throw sealErrors.ALREADY_INITIALIZED()
      const parts = { store: this.#store, barrier: this.#barrier, seal: this.#seal, home: this.#home }
      return await createKeys({ request, recipients, populate }, parts)
    } finally {
      leave()
    }
  }

  /**
   * Takes one share, and unseals with the one that reaches the threshold. Its bytes are wiped. A share given twice counts once; when
   * the shares turn out wrong, all of them are forgotten. `migrate` says that it is meant for a seal the vault is moved from.
   * Throws `REQUEST_NOT_INITIALIZED`, `SEAL_INVALID_KEY`, `SEAL_WRONG_KEY`, `SEAL_NO_MIGRATION`, `SEAL_MIGRATION_PENDING`, or what
   * the seal or the `unsealed` hook throws.
   */
  async submit(share: Uint8Array, migrate = false): Promise<VaultSealState> {
    const leave = await this.#lane.enter()
    try {
      const records = await this.#records()
      if (records === undefined) throw requestErrors.NOT_INITIALIZED()
      const from = await this.#migratesFrom(records)
      if (migrate && !this.#migrates) throw sealErrors.NO_MIGRATION()
      if (!migrate && from !== undefined) throw sealErrors.MIGRATION_PENDING()
      if (!this.#sealed) return await this.status()
      checkLength(share)
      this.#progress.add(share)
      if (this.#progress.count >= sharesOf(records).threshold)
        await this.#unsealWith(this.#progress.take(), records, from)
      return await this.status()
    } finally {
      wipe(share)
      leave()
    }
  }

  /** Unseals without operators, where the seal can. Throws `REQUEST_NOT_INITIALIZED`, `SEAL_MIGRATING` or what the seal throws. */
  async unsealByItself(): Promise<void> {
    if (!this.#seal.autoUnseal) throw new Error(`a ${this.#seal.type} seal does not open by itself`)
    const leave = await this.#lane.enter()
    try {
      if (!this.#sealed) return
      const records = await this.#records()
      if (records === undefined) throw requestErrors.NOT_INITIALIZED()
      if ((await this.#migratesFrom(records)) !== undefined) throw sealErrors.MIGRATING()
      await this.#open(await this.#seal.unwrap(records.rootKey, ROOT_KEY_KEY))
    } finally {
      leave()
    }
  }

  /**
   * Whether these are enough of the shares that people hold: of the unseal key, or of the recovery key. Opens nothing. Wipes none of
   * them. Throws `SEAL_INVALID_KEY`, `SEAL_WRONG_KEY` or what the seal throws.
   */
  async verifyShares(shares: readonly Uint8Array[]): Promise<void> {
    const records = await this.#records()
    if (records === undefined) throw requestErrors.NOT_INITIALIZED()
    await assertEnough(shares, (await this.#migratesFrom(records)) ?? this.#seal, records)
  }

  /**
   * Stores what a migration prepared, if one did: for a server that could not write when it was unsealed, as it becomes the one that
   * can. Whoever moved the vault meanwhile was first. Rejects as a commit does.
   */
  async completeMigration(): Promise<boolean> {
    const prepared = this.#prepared
    if (prepared === undefined) return false
    await this.#replaceRecords(prepared.before, prepared.after)
    this.#prepared = undefined
    return true
  }

  /** Wraps what is stored anew where the key service has another key by now. Whether that was so. */
  async rewrapIfOutdated(): Promise<boolean> {
    const seal = this.#seal
    if (!(seal instanceof AutoSeal)) return false
    const leave = await this.#lane.enter()
    try {
      const records = await this.#records()
      if (this.#sealed || records === undefined || (await this.#migratesFrom(records)) !== undefined) return false
      const { rootKey, recoveryKey } = records
      if (![rootKey, recoveryKey].some((key) => key !== undefined && seal.isOutdated(key))) return false
      await this.#replaceRecords(records, {
        ...records,
        rootKey: await rewrap(seal, rootKey, ROOT_KEY_KEY),
        recoveryKey: recoveryKey === undefined ? undefined : await rewrap(seal, recoveryKey, RECOVERY_KEY_KEY),
      })
      return true
    } finally {
      leave()
    }
  }

  /**
   * Puts other shares, another root key, or both in place, in one commit: a crash leaves the ones before or these. Rejects with
   * `REQUEST_SEALED`, `SEAL_MIGRATING`, `STORAGE_CONFLICT` where another server changed the seal meanwhile, what the seal throws, or as a
   * commit does. With `SEAL_UNSETTLED` nobody knows which of them hold; of a root key the barrier is shut then.
   */
  async rekey(change: Change): Promise<void> {
    const leave = await this.#lane.enter()
    try {
      if (this.#sealed) throw requestErrors.SEALED()
      const { records, sequence } = await this.#store.read(async (view) => ({
        records: await readSealRecords(view.sub(this.#home)),
        sequence: view.sequence,
      }))
      if (records === undefined) throw requestErrors.NOT_INITIALIZED()
      if ((await this.#migratesFrom(records)) !== undefined) throw sealErrors.MIGRATING()
      const reads = {
        sequence,
        keys: new Set([ROOT_KEY_KEY, SEAL_CONFIG_KEY, RECOVERY_KEY_KEY].map((key) => this.#home + key)),
        prefixes: new Set<string>(),
      }
      if (change.target === 'recovery') {
        const { writes } = await recordsWith(this.#seal, records, change, undefined)
        await commitForSure(this.#store.driver, reads, writes, RECOVERY_KEY_KEY)
        return
      }
      const rootKey = randomSecret(KEY_BYTES)
      try {
        const { writes } = await recordsWith(this.#seal, records, change, rootKey)
        const inHome = new Map([...writes].map(([key, value]) => [this.#home + key, value] as const))
        await this.#barrier.replaceRootKey(rootKey, reads, inHome)
      } finally {
        if (this.#barrier.sealed) rootKey.wipe()
      }
      await this.#hooks.rekeyed?.()
    } finally {
      leave()
    }
  }

  /** Runs `work` while the vault is open and nothing changes that. */
  async whileOpen(work: () => Promise<void>): Promise<void> {
    const leave = await this.#lane.enter()
    try {
      if (!this.#sealed) await work()
    } finally {
      leave()
    }
  }

  /** Forgets the shares given so far. Throws `SEAL_UNSEALED`. */
  resetProgress(): void {
    if (!this.#sealed) throw sealErrors.UNSEALED()
    this.#progress.reset()
  }

  /** Refuses requests, lets the server end what is under way, and wipes every key, whatever fails. */
  async seal(): Promise<void> {
    const leave = await this.#lane.enter()
    try {
      if (this.#sealed) return
      this.#sealed = true
      await this.#hooks.sealing?.()
    } finally {
      this.#prepared = undefined
      await this.#barrier.shut()
      leave()
    }
  }

  /**
   * Runs `work`, which puts another state in place of all that is stored, while the server is at rest. It goes on with that state where
   * the root key opens it; else the vault is sealed from here on, and opens with the shares of that state. Rejects with what `work`
   * rejects with; the server goes on as before then.
   */
  async replaceAll(work: () => Promise<unknown>): Promise<void> {
    const leave = await this.#lane.enter()
    try {
      if (this.#sealed) throw requestErrors.SEALED()
      // Until this is over nobody finds it open.
      this.#sealed = true
      await this.#hooks.pausing?.()
      let opens = true
      try {
        opens = await this.#barrier.adopt(async () => {
          await work()
          return await this.#store.read((view) => view.get(KEYRING_KEY))
        })
      } finally {
        await (opens ? this.#goOn() : this.#hooks.sealing?.())
      }
    } finally {
      leave()
    }
  }

  async #goOn(): Promise<void> {
    try {
      await this.#hooks.resuming?.()
      this.#sealed = false
    } catch (error) {
      await this.#hooks.sealing?.()
      await this.#barrier.shut()
      throw error
    }
  }

  async #unsealWith(shares: readonly SecretBytes[], records: SealRecords, from: Seal | undefined): Promise<void> {
    const holder = from ?? this.#seal
    try {
      using shareKey = guard(combine(shares.map((share) => share.bytes)))
      const rootKey = await rootKeyOf(holder, records, shareKey)
      await this.#open(rootKey, async () => {
        if (from === undefined) return
        this.#prepared = { before: records, after: await recordsUnder(this.#seal, records, { rootKey, shareKey }) }
        await this.completeMigration().catch(unlessAnotherLeads)
      })
    } finally {
      for (const share of shares) share.wipe()
    }
  }

  /** Takes over the root key. `first` is done before the server loads anything. */
  async #open(rootKey: SecretBytes, first?: () => Promise<void>): Promise<void> {
    const keyring = await this.#store.read((view) => view.get(this.#home + KEYRING_KEY))
    if (keyring === undefined) {
      rootKey.wipe()
      throw requestErrors.NOT_INITIALIZED()
    }
    this.#barrier.unseal(rootKey, keyring)
    try {
      await first?.()
      await this.#hooks.unsealed?.()
    } catch (error) {
      this.#prepared = undefined
      this.#barrier.discard()
      throw error
    }
    this.#sealed = false
  }

  async #migratesFrom(records: SealRecords): Promise<Seal | undefined> {
    const from = await this.#plan.from(records)
    if (from !== undefined) this.#migrates = true
    return from
  }

  /** All in one commit, unless somebody replaced them before. */
  async #replaceRecords(before: SealRecords, after: SealRecords): Promise<void> {
    await this.#store.write(async (transaction) => {
      const view = transaction.sub(this.#home)
      if (await areCurrent(view, before)) writeSealRecords(view, after)
    })
  }

  async #records(): Promise<SealRecords | undefined> {
    return await this.#store.read((view) => readSealRecords(view.sub(this.#home)))
  }
}

async function rewrap(seal: Seal, stored: Uint8Array, storageKey: string): Promise<Uint8Array> {
  using key = await seal.unwrap(stored, storageKey)
  return await seal.wrap(key, storageKey)
}

/** A server that follows another leaves the writing to it, or to itself once it leads. */
function unlessAnotherLeads(error: unknown): void {
  if (!(error instanceof CofferError && error.code === 'STORAGE_NOT_LEADER')) throw error
}
