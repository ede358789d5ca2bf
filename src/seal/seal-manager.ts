/** The life of the seal: initialise, unseal, seal. One step at a time, however many ask at once. */
import { requestErrors } from '../errors/request.ts'
import { sealErrors } from '../errors/seal.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import { guard, randomSecret, type SecretBytes, wipe } from '../lib/secure/guarded.ts'
import { FairLane } from '../storage/fair-lane.ts'
import type { Store, Transaction } from '../storage/store.ts'
import type { Barrier } from './barrier.ts'
import { KEY_BYTES } from './envelope.ts'
import { type PgpRecipient, readPgpKey } from './pgp.ts'
import type { Seal } from './seal.ts'
import { checkShareNumbers, decodeSealConfig, encodeSealConfig, type SealConfig } from './seal-config.ts'
import { combine, split } from './shamir.ts'
import { ShamirSeal } from './shamir-seal.ts'
import { MAX_SHARE_BYTES, MIN_SHARE_BYTES } from './share-text.ts'
import { KEYRING_KEY, ROOT_KEY_KEY, SEAL_CONFIG_KEY } from './storage-keys.ts'
import { UnsealProgress } from './unseal-progress.ts'

export interface SealStatus {
  readonly type: string
  readonly initialized: boolean
  readonly sealed: boolean
  /** 0 before initialisation. */
  readonly threshold: number
  readonly shares: number
  /** Shares given towards the next unsealing. */
  readonly progress: number
  /** Of that attempt; empty when there is none. */
  readonly nonce: string
  readonly recoverySeal: boolean
}

export interface InitializeRequest {
  readonly shares: number
  readonly threshold: number
  /** One for each share: public keys in base64. */
  readonly pgpKeys?: readonly string[]
}

export interface Initialized<T> {
  /** Each in memory of its own, for the caller to encode and wipe. PGP messages where keys were given. */
  readonly shares: readonly Uint8Array[]
  readonly result: T
}

/** What happens in the server around the seal's changes. */
export interface SealHooks {
  /** The barrier is open and requests are still refused: load what the server needs. If it rejects, the vault is sealed again. */
  unsealed?(): Promise<void>
  /** Requests are refused from now on; the barrier is still open: end what is under way. */
  sealing?(): Promise<void>
}

export class SealManager {
  readonly #store: Store
  readonly #barrier: Barrier
  readonly #seal: Seal
  readonly #hooks: SealHooks
  readonly #lane = new FairLane()
  readonly #progress = new UnsealProgress()
  #sealed = true

  constructor(parts: {
    readonly store: Store
    readonly barrier: Barrier
    readonly seal: Seal
    readonly hooks?: SealHooks
  }) {
    this.#store = parts.store
    this.#barrier = parts.barrier
    this.#seal = parts.seal
    this.#hooks = parts.hooks ?? {}
  }

  /** Whether requests are refused. */
  get sealed(): boolean {
    return this.#sealed
  }

  async initialized(): Promise<boolean> {
    return (await this.#config()) !== undefined
  }

  async status(): Promise<SealStatus> {
    const config = await this.#config()
    return {
      type: this.#seal.type,
      initialized: config !== undefined,
      sealed: this.#sealed,
      threshold: config?.threshold ?? 0,
      shares: config?.shares ?? 0,
      progress: this.#progress.count,
      nonce: this.#progress.nonce,
      recoverySeal: this.#seal.autoUnseal,
    }
  }

  /**
   * Makes the keys and writes them together with what `populate` writes (the root token, first mounts), all at once: a crash leaves
   * a vault that is not initialised, or one that is whole. The vault is sealed afterwards.
   * Throws `SEAL_INVALID_CONFIG`, `SEAL_ALREADY_INITIALIZED` or what `populate` throws.
   */
  async initialize<T>(
    request: InitializeRequest,
    populate: (transaction: Transaction) => Awaitable<T>,
  ): Promise<Initialized<T>> {
    const recipients = await this.#check(request)
    const leave = await this.#lane.enter()
    try {
      if (await this.initialized()) throw sealErrors.ALREADY_INITIALIZED()
      return await this.#create(request, recipients, populate)
    } finally {
      leave()
    }
  }

  /**
   * Takes one share, and unseals with the one that reaches the threshold. Its bytes are wiped. A share given twice counts once; when
   * the shares turn out wrong, all of them are forgotten. Throws `REQUEST_NOT_INITIALIZED`, `SEAL_INVALID_KEY`,
   * `SEAL_WRONG_KEY`, or what the `unsealed` hook throws.
   */
  async submit(share: Uint8Array): Promise<SealStatus> {
    const leave = await this.#lane.enter()
    try {
      const config = await this.#config()
      if (config === undefined) throw requestErrors.NOT_INITIALIZED()
      if (!this.#sealed) return await this.status()
      checkLength(share)
      this.#progress.add(share)
      if (this.#progress.count >= config.threshold) await this.#unsealWith(this.#progress.take())
      return await this.status()
    } finally {
      wipe(share)
      leave()
    }
  }

  /** Unseals without operators, where the seal can. Throws `REQUEST_NOT_INITIALIZED` or what the seal throws. */
  async unsealByItself(): Promise<void> {
    if (!this.#seal.autoUnseal) throw new Error(`a ${this.#seal.type} seal does not open by itself`)
    const leave = await this.#lane.enter()
    try {
      if (this.#sealed) await this.#open()
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
      await this.#hooks.sealing?.()
      let opens = true
      try {
        opens = await this.#barrier.adopt(async () => {
          await work()
          return (await this.#read([KEYRING_KEY]))[0]
        })
      } finally {
        if (opens) await this.#goOn()
      }
    } finally {
      leave()
    }
  }

  async #goOn(): Promise<void> {
    try {
      await this.#hooks.unsealed?.()
      this.#sealed = false
    } catch (error) {
      await this.#barrier.shut()
      throw error
    }
  }

  async #check(request: InitializeRequest): Promise<readonly PgpRecipient[]> {
    checkShareNumbers(request.shares, request.threshold, request.pgpKeys?.length)
    const keys = request.pgpKeys ?? []
    return await Promise.all(keys.map((key) => readPgpKey(key).catch(asConfigError)))
  }

  async #create<T>(
    request: InitializeRequest,
    recipients: readonly PgpRecipient[],
    populate: (transaction: Transaction) => Awaitable<T>,
  ): Promise<Initialized<T>> {
    const rootKey = randomSecret(KEY_BYTES)
    const shares = this.#shareKey(request)
    const transaction = await this.#store.begin()
    try {
      this.#barrier.create(rootKey)
      // Read, so that another server that initialises the same storage in this moment makes the commit fail.
      if ((await transaction.get(SEAL_CONFIG_KEY)) !== undefined) throw sealErrors.ALREADY_INITIALIZED()
      const config = { type: this.#seal.type, shares: request.shares, threshold: request.threshold }
      transaction.put(SEAL_CONFIG_KEY, encodeSealConfig(config))
      transaction.put(ROOT_KEY_KEY, await this.#seal.wrap(rootKey))
      transaction.put(KEYRING_KEY, this.#barrier.storedKeyring())
      const result = await populate(transaction)
      const revealed = recipients.length === 0 ? shares : await encryptShares(shares, recipients)
      await transaction.commit()
      return { shares: revealed, result }
    } catch (error) {
      for (const share of shares) wipe(share)
      throw error
    } finally {
      transaction.discard()
      this.#barrier.discard()
      if (this.#seal instanceof ShamirSeal) this.#seal.forget()
    }
  }

  /** The seal's key in shares; none where the seal is not opened by its operators. */
  #shareKey(request: InitializeRequest): Uint8Array[] {
    if (!(this.#seal instanceof ShamirSeal)) return []
    const key = randomSecret(KEY_BYTES)
    const shares = split(key.bytes, request.shares, request.threshold)
    this.#seal.provide(key)
    return shares
  }

  async #unsealWith(shares: readonly SecretBytes[]): Promise<void> {
    if (!(this.#seal instanceof ShamirSeal)) throw new Error('recovery shares do not unseal')
    try {
      this.#seal.provide(guard(combine(shares.map((share) => share.bytes))))
      await this.#open()
    } finally {
      this.#seal.forget()
      for (const share of shares) share.wipe()
    }
  }

  async #open(): Promise<void> {
    const [wrapped, keyring] = await this.#read([ROOT_KEY_KEY, KEYRING_KEY])
    if (wrapped === undefined || keyring === undefined) throw requestErrors.NOT_INITIALIZED()
    this.#barrier.unseal(await this.#seal.unwrap(wrapped), keyring)
    try {
      await this.#hooks.unsealed?.()
    } catch (error) {
      this.#barrier.discard()
      throw error
    }
    this.#sealed = false
  }

  async #config(): Promise<SealConfig | undefined> {
    const [stored] = await this.#read([SEAL_CONFIG_KEY])
    if (stored === undefined) return undefined
    const config = decodeSealConfig(stored)
    if (config.type !== this.#seal.type)
      throw sealErrors.CORRUPT({ what: `seal configuration (it is of a ${config.type} seal)` })
    return config
  }

  async #read(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return await this.#store.read(async (view) => {
      const values: (Uint8Array | undefined)[] = []
      for (const key of keys) values.push(await view.get(key))
      return values
    })
  }
}

function checkLength(share: Uint8Array): void {
  if (share.length < MIN_SHARE_BYTES) {
    throw sealErrors.INVALID_KEY({ reason: `key is shorter than minimum ${MIN_SHARE_BYTES} bytes` })
  }
  if (share.length > MAX_SHARE_BYTES) {
    throw sealErrors.INVALID_KEY({ reason: `key is longer than maximum ${MAX_SHARE_BYTES} bytes` })
  }
}

/** Each share goes out as its hex text, encrypted: what its holder decrypts can be given to `operator unseal` as it is. */
async function encryptShares(
  shares: readonly Uint8Array[],
  recipients: readonly PgpRecipient[],
): Promise<Uint8Array[]> {
  const encrypted: Uint8Array[] = []
  for (const [i, recipient] of recipients.entries()) {
    const share = shares[i] ?? new Uint8Array(0)
    encrypted.push(await recipient.encrypt(Buffer.from(Buffer.from(share).toString('hex'))))
  }
  for (const share of shares) wipe(share)
  return encrypted
}

function asConfigError(error: unknown): never {
  throw error instanceof Error ? sealErrors.INVALID_CONFIG({ reason: error.message }, { cause: error }) : error
}
