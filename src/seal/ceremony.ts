/** What all ceremonies have in common: a nonce that names the attempt, a time after which it is given up, a rule for cancelling it. */
import { ceremonyErrors } from '../errors/ceremony.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import { secretsEqual } from '../lib/secure/equal.ts'
import { uuid } from '../lib/secure/random.ts'
import type { Cancelling } from '../request/ceremony-ports.ts'

/** An attempt that nobody goes on with for so long is over, ms: no share stays in memory for ever. */
export const IDLE_LIMIT = 86_400_000
/** For so long after its start an attempt is cancelled only by those who know its nonce, or show a token, ms. As in Vault. */
export const CANCEL_WINDOW = 600_000

export class Ceremony {
  readonly nonce = uuid()
  readonly #what: string
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #over: () => void
  #timer: Timer

  /** @param over is called once nobody has gone on with it for too long. */
  constructor(what: string, clock: Clock, over: () => void) {
    this.#what = what
    this.#clock = clock
    this.#startedAt = clock.monotonic()
    this.#over = over
    this.#timer = clock.timer(IDLE_LIMIT, over)
  }

  /** Somebody goes on with it. */
  touch(): void {
    this.#timer.cancel()
    this.#timer = this.#clock.timer(IDLE_LIMIT, this.#over)
  }

  end(): void {
    this.#timer.cancel()
  }

  /** Throws `CEREMONY_NONCE`. */
  assertNonce(given: string, own = this.nonce, what = this.#what): void {
    if (!secretsEqual(given, own)) throw ceremonyErrors.NONCE({ what, nonce: own })
  }

  /** Throws `CEREMONY_NONCE` or `CEREMONY_CANCEL_NONCE`. */
  assertMayCancel({ nonce, known }: Cancelling, own = this.nonce): void {
    if (nonce !== undefined) return this.assertNonce(nonce, own)
    const young = this.#clock.monotonic() - this.#startedAt < CANCEL_WINDOW
    if (young && !known) throw ceremonyErrors.CANCEL_NONCE({ what: this.#what })
  }
}
