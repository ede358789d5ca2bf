/** What an auto-unseal seal needs of a service that keeps a key: to encrypt and decrypt 32 bytes under it. */

export interface WrappedDataKey {
  /** The service's name of the key, with its version where it has versions: when it changes, what is stored is wrapped anew. */
  readonly keyId: string
  readonly ciphertext: Uint8Array
}

/**
 * Both reject with an error whose message says what went wrong; it is logged, so it holds no secret. Neither needs to keep to a time:
 * the seal does not wait for ever, and tells by the signal that it has stopped waiting.
 */
export interface KeyService {
  /** The seal's type. */
  readonly type: string
  encrypt(dataKey: Uint8Array, signal: AbortSignal): Promise<WrappedDataKey>
  /** In memory of its own, for the caller to wipe. */
  decrypt(wrapped: WrappedDataKey, signal: AbortSignal): Promise<Uint8Array>
  /** Ends what it runs by itself and forgets its secrets. */
  close?(): void
}
