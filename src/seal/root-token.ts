/**
 * A quorum makes a root token. It goes out encoded: XORed with a one-time password that whoever started the attempt has, or encrypted to a
 * PGP key, so that those who give the last share do not learn it.
 */
import { ceremonyErrors } from '../errors/ceremony.ts'
import { CofferError } from '../errors/coffer-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { guard, type SecretBytes, wipe } from '../lib/secure/guarded.ts'
import { base62 } from '../lib/secure/random.ts'
import type { Cancelling, RootTokenPort, RootTokenStatus, RootTokenWish } from '../request/ceremony-ports.ts'
import { FairLane } from '../storage/fair-lane.ts'
import type { Store, Transaction } from '../storage/store.ts'
import { Ceremony } from './ceremony.ts'
import { type PgpRecipient, readPgpKey } from './pgp.ts'
import { Quorum } from './quorum.ts'
import type { SealManager } from './seal-manager.ts'
import { decodeShare } from './share-text.ts'

export interface RootTokenDeps {
  readonly manager: Pick<SealManager, 'status' | 'verifyShares'>
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** Characters of a root token. */
  readonly tokenLength: number
  /** In the caller's transaction. `ttl`: seconds, or 0. */
  createToken(transaction: Transaction, ttl: number): Promise<string>
}

/** Who can read the token: the holder of the password, or of the PGP key. */
type Reader = { readonly otp: SecretBytes } | { readonly pgp: PgpRecipient }

interface Attempt {
  readonly ceremony: Ceremony
  readonly reader: Reader
  readonly ttl: number
  readonly quorum: Quorum
}

const WHAT = 'root generation'

export class RootTokens implements RootTokenPort {
  readonly #deps: RootTokenDeps
  readonly #lane = new FairLane()
  #attempt: Attempt | undefined

  constructor(deps: RootTokenDeps) {
    this.#deps = deps
  }

  async status(): Promise<RootTokenStatus> {
    const { threshold } = await this.#deps.manager.status()
    return this.#statusOf(threshold)
  }

  begin(wish: RootTokenWish): Promise<RootTokenStatus> {
    return this.#inTurn(async () => {
      const { threshold, shares } = await this.#deps.manager.status()
      if (shares === 0) throw ceremonyErrors.NO_HOLDERS()
      const given = await this.#readerOf(wish)
      if (this.#attempt !== undefined) throw ceremonyErrors.UNDER_WAY({ what: WHAT })
      const made = given === undefined ? base62(this.#deps.tokenLength) : ''
      const reader = given ?? { otp: guard(Buffer.from(made)) }
      const ceremony = new Ceremony(WHAT, this.#deps.clock, () => this.#gaveUp(ceremony))
      this.#attempt = { ceremony, reader, ttl: wish.ttl, quorum: new Quorum() }
      this.#deps.log.info('root generation initialized', { nonce: ceremony.nonce })
      return { ...this.#statusOf(threshold), otp: made }
    })
  }

  submit(share: string, nonce: string): Promise<RootTokenStatus> {
    return this.#inTurn(async () => {
      const { threshold } = await this.#deps.manager.status()
      const attempt = this.#attempt
      if (attempt === undefined) throw ceremonyErrors.NONE({ what: WHAT })
      attempt.ceremony.assertNonce(nonce)
      if (!attempt.quorum.add(decodeShare(share), threshold)) throw ceremonyErrors.GIVEN({ what: 'generation' })
      attempt.ceremony.touch()
      if (attempt.quorum.count < threshold) return this.#statusOf(threshold)
      const encodedToken = await this.#complete(attempt)
      const status = { ...this.#statusOf(threshold), progress: threshold, complete: true, encodedToken }
      this.#end()
      this.#deps.log.info('root generation finished', { nonce })
      return status
    })
  }

  cancel(request: Cancelling): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#attempt === undefined) return
      const { ceremony } = this.#attempt
      ceremony.assertMayCancel(request)
      this.#end()
      this.#deps.log.info('root generation canceled', { nonce: ceremony.nonce })
    })
  }

  /** Nothing of an attempt stays in memory. */
  end(): void {
    this.#end()
  }

  async #complete(attempt: Attempt): Promise<string> {
    const shares = attempt.quorum.take()
    try {
      await this.#deps.manager.verifyShares(shares.map((share) => share.bytes))
    } catch (error) {
      if (!isWrong(error)) throw error
      this.#deps.log.warn('root generation aborted: the key shares are wrong', { nonce: attempt.ceremony.nonce })
      throw ceremonyErrors.ROOT_ABORTED({ reason: error.message })
    } finally {
      for (const share of shares) share.wipe()
    }
    // Encoded before the commit: a token that nobody can read must not live.
    return await this.#deps.store.write(async (transaction) =>
      encode(await this.#deps.createToken(transaction, attempt.ttl), attempt.reader),
    )
  }

  async #readerOf({ otp, pgpKey }: RootTokenWish): Promise<Reader | undefined> {
    if (otp !== '' && pgpKey !== '') throw ceremonyErrors.OTP_AND_PGP()
    if (pgpKey !== '') return { pgp: await readPgpKey(pgpKey).catch(asPgpError) }
    if (otp === '') return undefined
    const bytes = Buffer.from(otp)
    if (bytes.length !== this.#deps.tokenLength) throw ceremonyErrors.OTP_LENGTH()
    return { otp: guard(bytes) }
  }

  #statusOf(required: number): RootTokenStatus {
    const attempt = this.#attempt
    return {
      started: attempt !== undefined,
      nonce: attempt?.ceremony.nonce ?? '',
      progress: attempt?.quorum.count ?? 0,
      required,
      complete: false,
      encodedToken: '',
      pgpFingerprint: attempt !== undefined && 'pgp' in attempt.reader ? attempt.reader.pgp.fingerprint : '',
      otp: '',
      otpLength: this.#deps.tokenLength,
    }
  }

  #gaveUp(ceremony: Ceremony): void {
    if (this.#attempt?.ceremony !== ceremony) return
    this.#deps.log.warn('root generation was given up: nobody went on with it', { nonce: ceremony.nonce })
    this.#end()
  }

  #end(): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    if (attempt === undefined) return
    attempt.ceremony.end()
    attempt.quorum.wipe()
    if ('otp' in attempt.reader) attempt.reader.otp.wipe()
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

/** Shares that do not open the vault, as against a key service that is away. */
export function isWrong(error: unknown): error is CofferError {
  return error instanceof CofferError && (error.code === 'SEAL_INVALID_KEY' || error.code === 'SEAL_WRONG_KEY')
}

async function encode(token: string, reader: Reader): Promise<string> {
  const bytes = Buffer.from(token)
  try {
    if ('pgp' in reader) return Buffer.from(await reader.pgp.encrypt(bytes)).toString('base64')
    const { bytes: otp } = reader.otp
    if (otp.length !== bytes.length) throw new Error('a root token has another length than was said')
    return Buffer.from(bytes.map((byte, i) => byte ^ (otp[i] ?? 0)))
      .toString('base64')
      .replace(/=+$/, '')
  } finally {
    wipe(bytes)
  }
}

function asPgpError(error: unknown): never {
  if (error instanceof CofferError && error.code === 'SEAL_BAD_PGP_KEY')
    throw ceremonyErrors.PGP_KEY({ reason: error.message }, { cause: error })
  throw error
}
