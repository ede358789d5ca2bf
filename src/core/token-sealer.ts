/** What batch tokens carry passes the barrier, under a name that no storage entry has: neither can stand in for the other. */
import type { Barrier } from '../seal/barrier.ts'
import type { TokenSealer } from '../request/token-ports.ts'

const NAME = 'batch-token'

export class BatchTokenSealer implements TokenSealer {
  readonly #barrier: Barrier

  constructor(barrier: Barrier) {
    this.#barrier = barrier
  }

  seal(plaintext: Uint8Array): Uint8Array {
    return this.#barrier.seal(NAME, plaintext)
  }

  open(sealed: Uint8Array): Uint8Array | undefined {
    try {
      return this.#barrier.open(NAME, sealed)
    } catch {
      // Whatever is wrong with it, it is not a token of this vault.
      return undefined
    }
  }
}
