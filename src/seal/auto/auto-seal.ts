/** A seal that opens the vault by itself, with the help of a key service. */
import { CofferError } from '../../errors/coffer-error.ts'
import { sealErrors } from '../../errors/seal.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Metrics } from '../../lib/observe/index.ts'
import { randomSecret, type SecretBytes, wipe } from '../../lib/secure/guarded.ts'
import { secretsEqual } from '../../lib/secure/equal.ts'
import { freshBytes } from '../../lib/secure/random.ts'
import { KEY_BYTES, sealEnvelope } from '../envelope.ts'
import { openKey } from '../open-key.ts'
import type { Seal } from '../seal.ts'
import type { KeyService, WrappedDataKey } from './key-service.ts'
import { decodeWrappedKey, encodeWrappedKey } from './wrapped-key.ts'

export interface AutoSealDeps {
  readonly clock: Pick<Clock, 'timer' | 'monotonic'>
  readonly metrics: Metrics
}

/** How long a call of the service may take, ms. */
const PATIENCE = 30_000
/** Data keys are of no keyring. */
const NO_TERM = 0
const TEST_CONTEXT = 'core/seal-test'

export class AutoSeal implements Seal {
  readonly type: string
  readonly autoUnseal = true
  readonly #service: KeyService
  readonly #deps: AutoSealDeps
  readonly #closed = new AbortController()
  /** What the service encrypts with, as far as its last answer told. */
  #keyId: string | undefined

  constructor(service: KeyService, deps: AutoSealDeps) {
    this.type = service.type
    this.#service = service
    this.#deps = deps
  }

  async wrap(key: SecretBytes, storageKey: string): Promise<Uint8Array> {
    const dataKey = freshBytes(KEY_BYTES)
    try {
      const wrapped = await this.#encrypt(dataKey)
      const envelope = sealEnvelope(dataKey, NO_TERM, storageKey, key.bytes)
      return encodeWrappedKey({ type: this.type, dataKey: wrapped, envelope })
    } finally {
      wipe(dataKey)
    }
  }

  async unwrap(stored: Uint8Array, storageKey: string): Promise<SecretBytes> {
    const { type, dataKey: wrapped, envelope } = decodeWrappedKey(stored)
    if (type !== this.type) throw sealErrors.WRONG_KEY()
    const dataKey = await this.#decrypt(wrapped)
    try {
      return openKey(dataKey, envelope, storageKey)
    } finally {
      wipe(dataKey)
    }
  }

  /** Encrypts and decrypts a key made for it. Throws `SEAL_UNAVAILABLE`. */
  async test(): Promise<void> {
    using key = randomSecret(KEY_BYTES)
    await this.wrap(key, TEST_CONTEXT)
  }

  /** Whether the service encrypts with another key by now than the one this was wrapped with. */
  isOutdated(stored: Uint8Array): boolean {
    return this.#keyId !== undefined && decodeWrappedKey(stored).dataKey.keyId !== this.#keyId
  }

  /** Ends the calls under way, and what the service runs by itself. */
  close(): void {
    this.#closed.abort(new Error('the server stops'))
    this.#service.close?.()
  }

  /** Reads back what it encrypted: a service that may not, or cannot, decrypt must not be given the only copy of a key. */
  async #encrypt(dataKey: Uint8Array): Promise<WrappedDataKey> {
    const wrapped = await this.#call('encrypt', (signal) => this.#service.encrypt(dataKey, signal))
    const back = await this.#decrypt(wrapped)
    const same = secretsEqual(dataKey, back)
    wipe(back)
    if (!same) throw this.#unavailable(new Error('it gave another key back than it was given'))
    this.#keyId = wrapped.keyId
    return wrapped
  }

  async #decrypt(wrapped: WrappedDataKey): Promise<Uint8Array> {
    const dataKey = await this.#call('decrypt', (signal) => this.#service.decrypt(wrapped, signal))
    if (dataKey.length === KEY_BYTES) return dataKey
    wipe(dataKey)
    throw this.#unavailable(new Error('it did not give a data key back'))
  }

  /** Waits no longer than it is patient, also for a service that does not heed the signal. */
  async #call<T>(name: 'encrypt' | 'decrypt', call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, metrics } = this.#deps
    const late = new AbortController()
    using timer = clock.timer(PATIENCE, () => late.abort(new Error(`no answer in ${PATIENCE / 1000} seconds`)))
    const signal = AbortSignal.any([late.signal, this.#closed.signal])
    const started = clock.monotonic()
    try {
      return await Promise.race([call(signal), rejection(signal)])
    } catch (error) {
      throw this.#unavailable(signal.aborted ? signal.reason : error)
    } finally {
      timer.cancel()
      metrics.summary(`vault.seal.${name}.time`).observe(clock.monotonic() - started)
    }
  }

  #unavailable(cause: unknown): CofferError {
    if (cause instanceof CofferError && cause.code !== 'SEAL_UNAVAILABLE') return cause
    return sealErrors.UNAVAILABLE({ type: this.type }, { cause })
  }
}

/** Never resolves. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(reasonOf(signal))
    else signal.addEventListener('abort', () => reject(reasonOf(signal)), { once: true })
  })
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted')
}
