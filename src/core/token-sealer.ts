/** What batch tokens carry passes the barrier, under a name that no storage entry has: neither can stand in for the other. */
import { homeOf } from '../request/namespace-home.ts'
import type { TokenSealer } from '../request/token-ports.ts'
import type { Codec } from '../storage/codec.ts'

const NAME = 'batch-token'

export class BatchTokenSealer implements TokenSealer {
  readonly #codec: Pick<Codec, 'seal' | 'open'>

  constructor(codec: Pick<Codec, 'seal' | 'open'>) {
    this.#codec = codec
  }

  seal(plaintext: Uint8Array, namespaceId: string): Uint8Array {
    return this.#codec.seal(homeOf(namespaceId) + NAME, plaintext)
  }

  open(sealed: Uint8Array, namespaceId: string): Uint8Array | undefined {
    try {
      return this.#codec.open(homeOf(namespaceId) + NAME, sealed)
    } catch {
      // Whatever is wrong with it, it is not a token of this vault.
      return undefined
    }
  }
}
