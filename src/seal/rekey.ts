/**
 * A quorum replaces the key that people hold in shares: the unseal key, with the root key that it protects, or the recovery key. Until the
 * one commit that does it the shares from before hold, after it the new ones.
 */
import { ceremonyErrors } from '../errors/ceremony.ts'
import { CofferError } from '../errors/coffer-error.ts'
import { sealErrors } from '../errors/seal.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { secretsEqual } from '../lib/secure/equal.ts'
import { guard, randomSecret, type SecretBytes, wipe } from '../lib/secure/guarded.ts'
import { uuid } from '../lib/secure/random.ts'
import type {
  Cancelling,
  KeyBackup,
  NewKeys,
  RekeyPort,
  RekeyStatus,
  RekeyWish,
  VerificationStatus,
} from '../request/ceremony-ports.ts'
import { FairLane } from '../storage/fair-lane.ts'
import type { Store } from '../storage/store.ts'
import { Ceremony } from './ceremony.ts'
import { KEY_BYTES } from './envelope.ts'
import { decodeBackup, encodeBackup } from './key-backup.ts'
import { encryptShares, type PgpRecipient, readPgpKey } from './pgp.ts'
import { Quorum } from './quorum.ts'
import { isWrong } from './root-token.ts'
import { checkShareNumbers } from './seal-config.ts'
import type { VaultSealState } from '../request/seal-state.ts'
import type { SealManager } from './seal-manager.ts'
import { combine, split } from './shamir.ts'
import { decodeShare } from './share-text.ts'
import { RECOVERY_BACKUP_KEY, UNSEAL_BACKUP_KEY } from './storage-keys.ts'

export interface RekeyDeps {
  readonly target: 'root' | 'recovery'
  readonly manager: Pick<SealManager, 'status' | 'verifyShares' | 'rekey'>
  readonly store: Store
  /** The folder of the namespace whose shares they are; empty for the vault's. */
  readonly home: string
  readonly clock: Clock
  readonly log: Logger
}

/** What waits until enough of the new shares were shown. */
interface Verification {
  nonce: string
  readonly key: SecretBytes
  readonly backup: Uint8Array | undefined
  readonly quorum: Quorum
}

interface Attempt {
  readonly ceremony: Ceremony
  readonly wish: RekeyWish
  readonly recipients: readonly PgpRecipient[]
  readonly quorum: Quorum
  verification: Verification | undefined
}

const WHAT = 'rekey'

export class Rekey implements RekeyPort {
  readonly #deps: RekeyDeps
  readonly #lane = new FairLane()
  #attempt: Attempt | undefined

  constructor(deps: RekeyDeps) {
    this.#deps = deps
  }

  async status(): Promise<RekeyStatus> {
    return this.#statusOf(await this.#holders())
  }

  begin(wish: RekeyWish, known: boolean): Promise<RekeyStatus | NewKeys> {
    return this.#inTurn(async () => {
      const holders = await this.#holders()
      const wanted = this.#checked(wish, holders)
      const recipients = await Promise.all(wanted.pgpKeys.map((key) => readPgpKey(key).catch(asPgpError)))
      if (this.#attempt !== undefined) throw ceremonyErrors.UNDER_WAY({ what: WHAT })
      const first = holders.shares === 0
      if (first && !(known && this.#deps.target === 'recovery')) throw ceremonyErrors.NO_HOLDERS()
      const ceremony = new Ceremony(WHAT, this.#deps.clock, () => this.#gaveUp(ceremony))
      const attempt: Attempt = { ceremony, wish: wanted, recipients, quorum: new Quorum(), verification: undefined }
      this.#attempt = attempt
      const { shares, threshold, requireVerification } = wanted
      this.#log('rekey initialized', { nonce: ceremony.nonce, shares, threshold, verification: requireVerification })
      if (!first) return this.#statusOf(holders)
      try {
        return await this.#complete(attempt)
      } catch (error) {
        this.#end()
        throw error
      }
    })
  }

  submit(share: string, nonce: string): Promise<RekeyStatus | NewKeys> {
    return this.#inTurn(async () => {
      const holders = await this.#holders()
      const root = this.#deps.target === 'root'
      const attempt = this.#started(root ? 'barrier rekey' : 'recovery rekey')
      if (attempt.verification !== undefined) throw ceremonyErrors.VERIFY_PENDING({ nonce: attempt.verification.nonce })
      attempt.ceremony.assertNonce(nonce)
      if (!attempt.quorum.add(decodeShare(share), holders.threshold))
        throw ceremonyErrors.GIVEN({ what: root ? 'generation' : WHAT })
      attempt.ceremony.touch()
      if (attempt.quorum.count < holders.threshold) return this.#statusOf(holders)
      await this.#agreed(attempt)
      return await this.#complete(attempt)
    })
  }

  cancel(request: Cancelling): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#attempt === undefined) return
      const { ceremony } = this.#attempt
      ceremony.assertMayCancel(request)
      this.#end()
      this.#log('rekey canceled', { nonce: ceremony.nonce })
    })
  }

  async verification(): Promise<VerificationStatus> {
    await this.#holders()
    return this.#verificationOf(this.#attempt)
  }

  verify(share: string, nonce: string): Promise<VerificationStatus | string> {
    return this.#inTurn(async () => {
      await this.#holders()
      const attempt = this.#started()
      const { verification, wish, ceremony } = attempt
      if (verification === undefined) throw ceremonyErrors.NO_VERIFICATION()
      ceremony.assertNonce(nonce, verification.nonce, 'verify')
      if (!verification.quorum.add(decodeShare(share), wish.threshold)) throw ceremonyErrors.GIVEN({ what: 'verify' })
      ceremony.touch()
      if (verification.quorum.count < wish.threshold) return this.#verificationOf(attempt)
      try {
        assertMakes(verification.quorum.take(), verification.key)
        await this.#replace(attempt, verification.key, verification.backup)
      } catch (error) {
        // Those who gave a share towards this turn of it do not count for the next.
        verification.nonce = uuid()
        throw error
      }
      this.#end()
      return verification.nonce
    })
  }

  restartVerification(request: Cancelling): Promise<VerificationStatus> {
    return this.#inTurn(async () => {
      await this.#holders()
      const verification = this.#attempt?.verification
      if (verification !== undefined) {
        this.#attempt?.ceremony.assertMayCancel(request, verification.nonce)
        verification.quorum.wipe()
        verification.nonce = uuid()
      }
      return this.#verificationOf(this.#attempt)
    })
  }

  async backup(): Promise<KeyBackup | undefined> {
    await this.#holders()
    const stored = await this.#deps.store.read((view) => view.get(this.#backupKey))
    return stored === undefined ? undefined : decodeBackup(stored)
  }

  async deleteBackup(): Promise<void> {
    await this.#holders()
    await this.#deps.store.write((view) => view.delete(this.#backupKey))
  }

  /** Nothing of an attempt stays in memory. New shares that were not verified count for nothing; the ones from before do. */
  end(): void {
    this.#end()
  }

  async #agreed({ quorum, ceremony }: Attempt): Promise<void> {
    const shares = quorum.take()
    try {
      await this.#deps.manager.verifyShares(shares.map((share) => share.bytes))
    } catch (error) {
      if (isWrong(error)) this.#log('rekey aborted: the key shares are wrong', { nonce: ceremony.nonce })
      throw error
    } finally {
      for (const share of shares) share.wipe()
    }
  }

  async #complete(attempt: Attempt): Promise<NewKeys> {
    const { wish, recipients, ceremony } = attempt
    if (wish.shares === 0) {
      await this.#deps.manager.rekey({ target: 'root', shares: undefined })
      this.#end()
      this.#log('root key replaced', { nonce: ceremony.nonce })
      return this.#keysOf(attempt, [], '')
    }
    const key = randomSecret(KEY_BYTES)
    try {
      const plain = split(key.bytes, wish.shares, wish.threshold)
      const shares = recipients.length === 0 ? plain : await encryptShares(plain, recipients)
      const backup = wish.backup ? encodeBackup(ceremony.nonce, recipients, shares) : undefined
      let verificationNonce = ''
      if (wish.requireVerification) {
        // Ended meanwhile, as by a step-down.
        if (this.#attempt !== attempt) throw ceremonyErrors.NONE({ what: WHAT })
        verificationNonce = uuid()
        const kept = guard(Uint8Array.from(key.bytes))
        attempt.verification = { nonce: verificationNonce, key: kept, backup, quorum: new Quorum() }
      } else {
        const settled = await this.#replaceOrNot(attempt, key, backup, shares)
        this.#end()
        return this.#keysOf(attempt, shares, '', !settled)
      }
      return this.#keysOf(attempt, shares, verificationNonce)
    } finally {
      key.wipe()
    }
  }

  async #replace({ wish, ceremony }: Attempt, key: SecretBytes, backup: Uint8Array | undefined): Promise<void> {
    const { shares, threshold } = wish
    await this.#deps.manager.rekey({ target: this.#deps.target, shares: { shares, threshold, key, backup } })
    this.#log('rekey finished', { nonce: ceremony.nonce, shares, threshold })
  }

  /**
   * False where nobody knows whether the new shares count. They go out then, too: they may be all that opens the vault. Wipes them where
   * they count for nothing.
   */
  async #replaceOrNot(
    attempt: Attempt,
    key: SecretBytes,
    backup: Uint8Array | undefined,
    shares: readonly Uint8Array[],
  ): Promise<boolean> {
    try {
      await this.#replace(attempt, key, backup)
      return true
    } catch (error) {
      if (error instanceof CofferError && error.code === 'SEAL_UNSETTLED') return false
      for (const share of shares) wipe(share)
      throw error
    }
  }

  /** Wipes the shares. */
  #keysOf(
    { wish, ceremony, recipients }: Attempt,
    shares: readonly Uint8Array[],
    verificationNonce: string,
    unsettled = false,
  ): NewKeys {
    const keys = shares.map((share) => Buffer.from(share).toString('hex'))
    const keysBase64 = shares.map((share) => Buffer.from(share).toString('base64'))
    for (const share of shares) wipe(share)
    return {
      nonce: ceremony.nonce,
      keys,
      keysBase64,
      threshold: wish.threshold,
      pgpFingerprints: fingerprintsOf(recipients),
      backup: wish.backup,
      verificationRequired: wish.requireVerification,
      verificationNonce,
      unsettled,
    }
  }

  #checked(wish: RekeyWish, { recoverySeal }: VaultSealState): RekeyWish {
    if (this.#deps.target === 'root' && recoverySeal) {
      if (wish.pgpKeys.length > 0) throw ceremonyErrors.STORED_PGP()
      if (wish.backup) throw ceremonyErrors.STORED_BACKUP()
      if (wish.requireVerification) throw ceremonyErrors.STORED_VERIFICATION()
      return { ...wish, shares: 0, threshold: 0 }
    }
    if (wish.backup && wish.pgpKeys.length === 0) throw ceremonyErrors.BACKUP_WITHOUT_PGP()
    if (wish.pgpKeys.length > 0 && wish.pgpKeys.length !== wish.shares) throw ceremonyErrors.PGP_COUNT()
    try {
      checkShareNumbers(wish.shares, wish.threshold, undefined)
    } catch (error) {
      if (!(error instanceof CofferError)) throw error
      throw ceremonyErrors.REKEY_CONFIG({ reason: error.message.replace(/^invalid seal configuration: /, '') })
    }
    return wish
  }

  #statusOf({ threshold: required }: VaultSealState): RekeyStatus {
    const attempt = this.#attempt
    return {
      started: attempt !== undefined,
      nonce: attempt?.ceremony.nonce ?? '',
      threshold: attempt?.wish.threshold ?? 0,
      shares: attempt?.wish.shares ?? 0,
      progress: attempt?.quorum.count ?? 0,
      required,
      pgpFingerprints: attempt && fingerprintsOf(attempt.recipients),
      backup: attempt?.wish.backup ?? false,
      verificationRequired: attempt?.wish.requireVerification ?? false,
      verificationNonce: attempt?.verification?.nonce ?? '',
    }
  }

  #verificationOf(attempt: Attempt | undefined): VerificationStatus {
    if (attempt === undefined) throw ceremonyErrors.NO_CONFIG()
    const { verification, wish } = attempt
    return {
      started: verification !== undefined,
      nonce: verification?.nonce ?? '',
      threshold: wish.threshold,
      shares: wish.shares,
      progress: verification?.quorum.count ?? 0,
    }
  }

  /** Throws `SEAL_NO_RECOVERY_KEY` where there is nothing of the kind. */
  async #holders(): Promise<VaultSealState> {
    const status = await this.#deps.manager.status()
    if (this.#deps.target === 'recovery' && !status.recoverySeal) throw sealErrors.NO_RECOVERY_KEY()
    return status
  }

  #started(what = WHAT): Attempt {
    if (this.#attempt === undefined) throw ceremonyErrors.NONE({ what })
    return this.#attempt
  }

  get #backupKey(): string {
    return this.#deps.home + (this.#deps.target === 'root' ? UNSEAL_BACKUP_KEY : RECOVERY_BACKUP_KEY)
  }

  #log(message: string, fields: Readonly<Record<string, string | number | boolean>>): void {
    this.#deps.log.info(message, { target: this.#deps.target, ...fields })
  }

  #gaveUp(ceremony: Ceremony): void {
    if (this.#attempt?.ceremony !== ceremony) return
    this.#log('rekey was given up: nobody went on with it', { nonce: ceremony.nonce })
    this.#end()
  }

  #end(): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    if (attempt === undefined) return
    attempt.ceremony.end()
    attempt.quorum.wipe()
    attempt.verification?.quorum.wipe()
    attempt.verification?.key.wipe()
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.#lane.enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}

/** Wipes the shares. Throws `CEREMONY_VERIFICATION_FAILED`. */
function assertMakes(shares: readonly SecretBytes[], key: SecretBytes): void {
  try {
    using made = guard(combine(shares.map((share) => share.bytes)))
    if (!secretsEqual(made.bytes, key.bytes)) throw ceremonyErrors.VERIFICATION_FAILED()
  } finally {
    for (const share of shares) share.wipe()
  }
}

function fingerprintsOf(recipients: readonly PgpRecipient[]): readonly string[] | undefined {
  return recipients.length === 0 ? undefined : recipients.map(({ fingerprint }) => fingerprint)
}

function asPgpError(error: unknown): never {
  if (error instanceof CofferError && error.code === 'SEAL_BAD_PGP_KEY')
    throw ceremonyErrors.REKEY_CONFIG({ reason: error.message }, { cause: error })
  throw error
}
