/** The shares given so far, between the first and the one that reaches the threshold. */
import { guard, type SecretBytes } from '../lib/secure/guarded.ts'
import { secretsEqual } from '../lib/secure/equal.ts'
import { uuid } from '../lib/secure/random.ts'

export class UnsealProgress {
  #shares: SecretBytes[] = []
  #nonce = ''

  get count(): number {
    return this.#shares.length
  }

  /** Names this attempt; empty when none is under way. */
  get nonce(): string {
    return this.#nonce
  }

  /** Takes a share over, unless it was given before. The bytes given are wiped either way. */
  add(share: Uint8Array): void {
    const guarded = guard(share)
    if (this.#shares.some((earlier) => secretsEqual(earlier.bytes, guarded.bytes))) return guarded.wipe()
    if (this.#nonce === '') this.#nonce = uuid()
    this.#shares.push(guarded)
  }

  /** Ends the attempt and hands its shares to the caller, who wipes them. */
  take(): readonly SecretBytes[] {
    const shares = this.#shares
    this.#shares = []
    this.#nonce = ''
    return shares
  }

  reset(): void {
    for (const share of this.take()) share.wipe()
  }
}
