/** The seal whose key is one of AWS KMS. */
import type { KMSClient } from '@aws-sdk/client-kms'
import type { KeyService, WrappedDataKey } from './key-service.ts'
import { optionalPackage } from './optional-package.ts'

export interface AwsKmsOptions {
  readonly region: string
  readonly keyId: string
  /** Undefined: the SDK looks where it usually does. */
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined
  readonly endpoint: string
}

const ATTEMPTS = 2

export class AwsKmsService implements KeyService {
  readonly type = 'awskms'
  readonly #options: AwsKmsOptions
  #client: KMSClient | undefined

  constructor(options: AwsKmsOptions) {
    this.#options = options
  }

  async encrypt(dataKey: Uint8Array, abortSignal: AbortSignal): Promise<WrappedDataKey> {
    const { EncryptCommand } = await sdk()
    const client = await this.#connected()
    const answer = await client.send(new EncryptCommand({ KeyId: this.#options.keyId, Plaintext: dataKey }), {
      abortSignal,
    })
    if (answer.CiphertextBlob === undefined || answer.KeyId === undefined)
      throw new Error('the answer has no ciphertext')
    // The id of the key itself, also where the configuration names an alias.
    return { keyId: answer.KeyId, ciphertext: answer.CiphertextBlob }
  }

  async decrypt({ keyId, ciphertext }: WrappedDataKey, abortSignal: AbortSignal): Promise<Uint8Array> {
    const { DecryptCommand } = await sdk()
    const client = await this.#connected()
    const answer = await client.send(new DecryptCommand({ KeyId: keyId, CiphertextBlob: ciphertext }), { abortSignal })
    if (answer.Plaintext === undefined) throw new Error('the answer has no plaintext')
    return answer.Plaintext
  }

  close(): void {
    this.#client?.destroy()
  }

  async #connected(): Promise<KMSClient> {
    const { region, credentials, endpoint } = this.#options
    const Client = (await sdk()).KMSClient
    this.#client ??= new Client({
      region,
      maxAttempts: ATTEMPTS,
      ...(credentials === undefined ? {} : { credentials }),
      ...(endpoint === '' ? {} : { endpoint }),
    })
    return this.#client
  }
}

function sdk() {
  return optionalPackage('@aws-sdk/client-kms', () => import('@aws-sdk/client-kms'))
}
