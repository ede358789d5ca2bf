/** The seal whose key stands beside the configuration: as safe as the place it comes from. */
import type { SecretBytes } from '../../lib/secure/guarded.ts'
import { ownBytes } from '../../lib/secure/random.ts'
import { KEY_BYTES, sealEnvelope } from '../envelope.ts'
import { openKey } from '../open-key.ts'
import type { KeyService, WrappedDataKey } from './key-service.ts'

export interface StaticKey {
  /** Names the key for ever: another key has another id. */
  readonly id: string
  /** Read each time it is used: it does not stay in memory in between. */
  readonly open: () => SecretBytes
}

const NO_TERM = 0

export class StaticService implements KeyService {
  readonly type = 'static'
  readonly #current: StaticKey
  readonly #previous: StaticKey | undefined

  /** What `previous` encrypted is still read; nothing more is encrypted with it. */
  constructor(current: StaticKey, previous: StaticKey | undefined) {
    this.#current = current
    this.#previous = previous
  }

  async encrypt(dataKey: Uint8Array): Promise<WrappedDataKey> {
    using key = this.#current.open()
    const { id } = this.#current
    return { keyId: id, ciphertext: sealEnvelope(key.bytes, NO_TERM, contextOf(id), dataKey) }
  }

  async decrypt({ keyId, ciphertext }: WrappedDataKey): Promise<Uint8Array> {
    const found = [this.#current, this.#previous].find((one) => one?.id === keyId)
    if (found === undefined) throw new Error(`there is no key with the id ${JSON.stringify(keyId)}`)
    using key = found.open()
    using opened = openKey(key.bytes, ciphertext, contextOf(keyId))
    const dataKey = ownBytes(KEY_BYTES)
    dataKey.set(opened.bytes)
    return dataKey
  }
}

function contextOf(id: string): string {
  return `static seal ${id}`
}
