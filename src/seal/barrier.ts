/**
 * Between the server and its storage: everything that passes is encrypted and bound to the key it stands under. While the vault is
 * sealed there are no keys, and nothing passes.
 */
import { CofferError } from '../errors/coffer-error.ts'
import { requestErrors } from '../errors/request.ts'
import { sealErrors } from '../errors/seal.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { Clock } from '../lib/clock.ts'
import { type SecretBytes, withScratch } from '../lib/secure/guarded.ts'
import type { EntryReader } from '../request/entry-reader.ts'
import type { Codec } from '../storage/codec.ts'
import type { Driver, ReadSet, WriteSet } from '../storage/driver.ts'
import { FairLane } from '../storage/fair-lane.ts'
import { openEnvelope, plaintextLength, sealEnvelope, tampered, termOf } from './envelope.ts'
import { Keyring } from './keyring.ts'
import { checkRotationConfig, MIN_OPERATIONS, type RotationConfig } from './rotation-config.ts'
import { decodeLinks, encodeLinks, followLinks, linkBetween } from './root-key-links.ts'
import { commitForSure, storedNow } from './settle.ts'
import { KEYRING_KEY, OUTSIDE_BARRIER, ROOT_KEY_LINKS_KEY } from './storage-keys.ts'

export interface KeyStatus {
  readonly term: number
  /** Ms since the epoch. */
  readonly installTime: number
  /** Encryptions under the newest key; after a crash somewhat more than there were. */
  readonly encryptions: number
}

export interface BarrierOptions {
  readonly driver: Driver
  readonly clock: Pick<Clock, 'now'>
  /** Encryptions that are written down ahead, as one write. */
  readonly reservation?: number
  /** The least that `maxOperations` may be set to. */
  readonly minOperations?: number
  /** Of a namespace with a seal of its own: the folder in which all lies that this encrypts. */
  readonly home?: string
  /** Thrown while there are no keys. */
  readonly refusal?: () => CofferError
}

interface Unsealed {
  rootKey: SecretBytes
  /** Its active term's `operations` are those written down; `used` never passes them. */
  keyring: Keyring
  used: number
}

/** No storage key starts so. */
const ATTESTED = '\0attested/'
const NO_READS: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
/** The root key encrypts the keyring alone and has no term. */
const ROOT_TERM = 0

export class Barrier implements Codec {
  readonly #driver: Driver
  readonly #clock: Pick<Clock, 'now'>
  readonly #reservation: number
  readonly #minOperations: number
  /** Changes of the keyring, one at a time. */
  readonly #lane = new FairLane()
  readonly #keyringKey: string
  readonly #linksKey: string
  readonly #outside: ReadonlySet<string>
  readonly #refusal: () => CofferError
  #state: Unsealed | undefined

  constructor(options: BarrierOptions) {
    this.#driver = options.driver
    this.#clock = options.clock
    this.#reservation = options.reservation ?? 10_000
    this.#minOperations = options.minOperations ?? MIN_OPERATIONS
    const { home = '' } = options
    this.#keyringKey = home + KEYRING_KEY
    this.#linksKey = home + ROOT_KEY_LINKS_KEY
    this.#outside = home === '' ? OUTSIDE_BARRIER : new Set([...OUTSIDE_BARRIER].map((key) => home + key))
    this.#refusal = options.refusal ?? requestErrors.SEALED
  }

  get sealed(): boolean {
    return this.#state === undefined
  }

  seal(storageKey: string, plaintext: Uint8Array): Uint8Array {
    if (this.#outside.has(storageKey)) return plaintext
    const { term, key } = this.#unsealed().keyring.active
    return sealEnvelope(key.bytes, term, storageKey, plaintext)
  }

  open(storageKey: string, stored: Uint8Array): Uint8Array {
    if (this.#outside.has(storageKey)) return stored
    return openWith(this.#unsealed().keyring, storageKey, stored)
  }

  /**
   * Vouches for bytes that leave the storage, such as a snapshot's checksums: they come out encrypted under the vault's oldest key,
   * which stays through every rotation. `what` is a name that no storage entry has.
   */
  attest(what: string, bytes: Uint8Array): Uint8Array {
    const { term, key } = this.#unsealed().keyring.oldest
    return sealEnvelope(key.bytes, term, ATTESTED + what, bytes)
  }

  /** Whether this vault attested these very bytes. */
  confirms(what: string, bytes: Uint8Array, attested: Uint8Array): boolean {
    try {
      return Buffer.compare(openWith(this.#unsealed().keyring, ATTESTED + what, attested), bytes) === 0
    } catch (error) {
      if (isTampered(error)) return false
      throw error
    }
  }

  /**
   * Opens entries of another state of this vault with the keyring that belongs to it, as stored. Undefined where the root key does not
   * open that: then it is not a state that this vault could go on from. To be closed.
   */
  readerOf(storedKeyring: Uint8Array): EntryReader | undefined {
    const { rootKey } = this.#unsealed()
    let keyring: Keyring
    try {
      keyring = decrypt(storedKeyring, rootKey, this.#keyringKey)
    } catch (error) {
      if (isTampered(error)) return undefined
      throw error
    }
    return {
      open: (key, stored) => (this.#outside.has(key) ? stored : openWith(keyring, key, stored)),
      close: () => keyring.wipe(),
    }
  }

  /**
   * Runs `work`, which replaces all that is stored, while nobody else writes the keyring down; goes on with the keyring it gives, which
   * is stored now. False where the root key does not open that: every key is wiped then. Rejects with what `work` rejects with, and goes
   * on as before.
   */
  async adopt(work: () => Promise<Uint8Array | undefined>): Promise<boolean> {
    return this.#exclusively(async (state) => {
      const stored = await work()
      let keyring: Keyring | undefined
      try {
        keyring = stored === undefined ? undefined : decrypt(stored, state.rootKey, this.#keyringKey)
      } catch {
        // Of another vault, or of another time of this one.
      }
      state.keyring.wipe()
      if (keyring === undefined) {
        state.rootKey.wipe()
        this.#state = undefined
        return false
      }
      this.#state = { rootKey: state.rootKey, keyring, used: keyring.active.operations }
      return true
    })
  }

  /** Counts encryptions before they are made. Rotates where they would be too many for one key. */
  reserve(operations: number): Awaitable<void> {
    const state = this.#unsealed()
    if (state.used + operations > state.keyring.active.operations) return this.#makeRoom(operations)
    state.used += operations
  }

  /** Makes a new keyring, which stands in the storage once the caller has written `storedKeyring`. Takes over the root key. */
  create(rootKey: SecretBytes): void {
    const keyring = Keyring.create(this.#clock.now()).with({ operations: this.#reservation })
    this.#state = { rootKey, keyring, used: 0 }
  }

  /** The keyring as it is stored under `core/keyring`. */
  storedKeyring(): Uint8Array {
    const { keyring, rootKey } = this.#unsealed()
    return encrypt(keyring, rootKey, this.#keyringKey)
  }

  /**
   * Opens the barrier with what is stored under `core/keyring`. Takes over the root key, also when it throws:
   * `STORAGE_TAMPERED` where that is not the key the keyring is encrypted with, `SEAL_CORRUPT` where what it encrypts is not a keyring.
   */
  unseal(rootKey: SecretBytes, stored: Uint8Array): void {
    try {
      const keyring = decrypt(stored, rootKey, this.#keyringKey)
      this.#state = { rootKey, keyring, used: keyring.active.operations }
    } catch (error) {
      rootKey.wipe()
      throw error
    }
  }

  /** The root key, to be handed to another thread of this process, which wipes the copy. */
  shareRootKey(): SharedArrayBuffer {
    const { rootKey } = this.#unsealed()
    const copy = new SharedArrayBuffer(rootKey.bytes.length)
    new Uint8Array(copy).set(rootKey.bytes)
    return copy
  }

  /**
   * Takes over the keyring as it is stored now: another node or thread may have replaced it, and the root key, too; `links` is then what
   * leads from one to the other, as stored. True where the root key is another from now on. Throws as `unseal` does.
   */
  reload(stored: Uint8Array, links?: Uint8Array): boolean {
    const state = this.#unsealed()
    const before = { keyring: state.keyring, rootKey: state.rootKey }
    const { keyring, rootKey } = decryptFollowing(stored, state.rootKey, links, this.#keyringKey)
    state.keyring = keyring
    state.rootKey = rootKey
    state.used = keyring.active.operations
    before.keyring.wipe()
    if (rootKey === before.rootKey) return false
    before.rootKey.wipe()
    return true
  }

  /**
   * Puts another root key in place: the keyring, encrypted with it, is committed together with `writes`, which say how it is kept, all or
   * nothing. Takes the key over. Rejects as a commit with these reads does; all goes on with the key from before then. With
   * `SEAL_UNSETTLED` every key is wiped: nothing may be written under a key that may not stand.
   */
  async replaceRootKey(next: SecretBytes, reads: ReadSet, writes: WriteSet): Promise<void> {
    try {
      await this.#exclusively(async (state) => {
        const stored = encrypt(state.keyring, next, this.#keyringKey)
        const links = await this.#linksWith(state.rootKey, next)
        try {
          const all = new Map([...writes, [this.#keyringKey, stored], [this.#linksKey, links]])
          await commitForSure(this.#driver, reads, all, this.#keyringKey)
        } catch (error) {
          if (error instanceof CofferError && error.code === 'SEAL_UNSETTLED') this.discard()
          throw error
        }
        const before = state.rootKey
        state.rootKey = next
        before.wipe()
      })
    } catch (error) {
      next.wipe()
      throw error
    }
  }

  /** Waits for changes under way, writes the exact count down where the storage still answers, and wipes every key. */
  async shut(): Promise<void> {
    const leave = await this.#lane.enter()
    const state = this.#state
    // From here on nothing is encrypted any more that the count would miss.
    this.#state = undefined
    try {
      if (state !== undefined)
        await this.#persist(state, state.keyring.with({ operations: state.used })).catch(() => undefined)
    } finally {
      wipeKeys(state)
      leave()
    }
  }

  /** Wipes every key and writes nothing. */
  discard(): void {
    wipeKeys(this.#state)
    this.#state = undefined
  }

  keyStatus(): KeyStatus {
    const { keyring, used } = this.#unsealed()
    return { term: keyring.active.term, installTime: keyring.active.installedAt, encryptions: used }
  }

  get rotationConfig(): RotationConfig {
    return this.#unsealed().keyring.rotation
  }

  /** Throws `SEAL_ROTATION_OPERATIONS` or `SEAL_ROTATION_INTERVAL`. */
  async setRotationConfig(rotation: RotationConfig): Promise<void> {
    checkRotationConfig(rotation, this.#minOperations)
    await this.#exclusively((state) => {
      const operations = this.#ahead(state.used, rotation, 0)
      return this.#persist(state, state.keyring.with({ rotation, operations }))
    })
  }

  /** Installs a new key. What was written before stays readable. */
  async rotate(): Promise<KeyStatus> {
    await this.#exclusively((state) => this.#rotate(state, 0))
    return this.keyStatus()
  }

  /** Rotates if the newest key is as old, or was used as often, as the configuration allows. Called from time to time. */
  async rotateIfDue(): Promise<boolean> {
    return await this.#exclusively(async (state) => {
      const { enabled, interval, maxOperations } = state.keyring.rotation
      const age = this.#clock.now() - state.keyring.active.installedAt
      const due = enabled && ((interval > 0 && age >= interval * 1000) || state.used >= maxOperations)
      if (due) await this.#rotate(state, 0)
      return due
    })
  }

  async #linksWith(from: SecretBytes, to: SecretBytes): Promise<Uint8Array> {
    const stored = await storedNow(this.#driver, this.#linksKey)
    const earlier = stored === undefined ? [] : decodeLinks(stored)
    const now = this.#clock.now()
    return encodeLinks([...earlier, linkBetween(from, to, now)], now)
  }

  async #makeRoom(operations: number): Promise<void> {
    await this.#exclusively(async (state) => {
      const { keyring } = state
      const tooMany = keyring.rotation.enabled && state.used + operations > keyring.rotation.maxOperations
      if (tooMany && state.used > 0) {
        await this.#rotate(state, operations)
      } else if (state.used + operations > keyring.active.operations) {
        await this.#persist(state, keyring.with({ operations: this.#ahead(state.used, keyring.rotation, operations) }))
      }
      state.used += operations
    })
  }

  async #rotate(state: Unsealed, operations: number): Promise<void> {
    const next = state.keyring.rotated(this.#clock.now())
    try {
      const ahead = this.#ahead(0, next.rotation, operations)
      await this.#persist(state, next.with({ operations: ahead }))
    } catch (error) {
      next.active.key.wipe()
      throw error
    }
    state.used = 0
  }

  /** The count to write down: room for `operations` and a reservation, but not beyond where the key is to be replaced. */
  #ahead(used: number, rotation: RotationConfig, operations: number): number {
    const needed = used + operations
    const wanted = needed + this.#reservation
    return rotation.enabled ? Math.max(needed, Math.min(wanted, rotation.maxOperations)) : wanted
  }

  /** Nothing is encrypted under a keyring that is not on the disk. */
  async #persist(state: Unsealed, keyring: Keyring): Promise<void> {
    await this.#driver.commit(
      NO_READS,
      new Map([[this.#keyringKey, encrypt(keyring, state.rootKey, this.#keyringKey)]]),
    )
    state.keyring = keyring
  }

  async #exclusively<T>(change: (state: Unsealed) => Promise<T>): Promise<T> {
    const leave = await this.#lane.enter()
    try {
      return await change(this.#unsealed())
    } finally {
      leave()
    }
  }

  #unsealed(): Unsealed {
    if (this.#state === undefined) throw this.#refusal()
    return this.#state
  }
}

function openWith(keyring: Keyring, storageKey: string, stored: Uint8Array): Uint8Array {
  const term = keyring.term(termOf(stored))
  if (term === undefined) throw tampered('no key of this term')
  const plaintext = new Uint8Array(plaintextLength(stored))
  openEnvelope(term.key.bytes, storageKey, stored, plaintext)
  return plaintext
}

function isTampered(error: unknown): boolean {
  return error instanceof CofferError && error.code === 'STORAGE_TAMPERED'
}

function wipeKeys(state: Unsealed | undefined): void {
  state?.keyring.wipe()
  state?.rootKey.wipe()
}

function encrypt(keyring: Keyring, rootKey: SecretBytes, storageKey: string): Uint8Array {
  return withScratch(keyring.encodedLength, (scratch) => {
    keyring.encode(scratch)
    return sealEnvelope(rootKey.bytes, ROOT_TERM, storageKey, scratch)
  })
}

/** The keyring, and the root key that opens it: this one, or one that it leads to. */
function decryptFollowing(
  stored: Uint8Array,
  rootKey: SecretBytes,
  links: Uint8Array | undefined,
  storageKey: string,
): { readonly keyring: Keyring; readonly rootKey: SecretBytes } {
  try {
    return { keyring: decrypt(stored, rootKey, storageKey), rootKey }
  } catch (error) {
    const followed = links === undefined || !isTampered(error) ? undefined : followLinks(rootKey, decodeLinks(links))
    if (followed === undefined) throw error
    try {
      return { keyring: decrypt(stored, followed, storageKey), rootKey: followed }
    } catch (failure) {
      followed.wipe()
      throw failure
    }
  }
}

function decrypt(stored: Uint8Array, rootKey: SecretBytes, storageKey: string): Keyring {
  return withScratch(plaintextLength(stored), (scratch) => {
    if (termOf(stored) !== ROOT_TERM) throw tampered('not a keyring')
    openEnvelope(rootKey.bytes, storageKey, stored, scratch)
    const keyring = Keyring.decode(scratch)
    if (keyring === undefined) throw sealErrors.CORRUPT({ what: 'keyring' })
    return keyring
  })
}
