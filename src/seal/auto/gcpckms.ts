/** The seal whose key is one of Google Cloud KMS. */
import type { KeyService, WrappedDataKey } from './key-service.ts'
import { optionalPackage } from './optional-package.ts'

export interface GcpCkmsOptions {
  /** Path of a credentials file; empty for the SDK's default credentials. */
  readonly credentials: string
  readonly project: string
  readonly region: string
  readonly keyRing: string
  readonly cryptoKey: string
  /** Empty for Google's own. */
  readonly endpoint: string
  /** Who to be, instead of what the credentials say. */
  readonly authClient?: object
}

/** What is used of `@google-cloud/kms`, which is not installed everywhere. */
interface GoogleKms {
  readonly KeyManagementServiceClient: new (options: Readonly<Record<string, unknown>>) => GoogleKmsClient
}

interface GoogleKmsClient {
  encrypt(
    request: { readonly name: string; readonly plaintext: Uint8Array },
    options: CallOptions,
  ): Promise<
    readonly [{ readonly name?: string | null; readonly ciphertext?: Uint8Array | string | null }, ...unknown[]]
  >
  decrypt(
    request: { readonly name: string; readonly ciphertext: Uint8Array },
    options: CallOptions,
  ): Promise<readonly [{ readonly plaintext?: Uint8Array | string | null }, ...unknown[]]>
  close(): Promise<void>
}

interface CallOptions {
  readonly timeout: number
}

/** The SDK takes no signal: it gives up by itself, before the seal does. */
const CALL: CallOptions = { timeout: 20_000 }

export class GcpCkmsService implements KeyService {
  readonly type = 'gcpckms'
  readonly #options: GcpCkmsOptions
  readonly #name: string
  #client: GoogleKmsClient | undefined

  constructor(options: GcpCkmsOptions) {
    const { project, region, keyRing, cryptoKey } = options
    this.#options = options
    this.#name = `projects/${project}/locations/${region}/keyRings/${keyRing}/cryptoKeys/${cryptoKey}`
  }

  async encrypt(dataKey: Uint8Array): Promise<WrappedDataKey> {
    const client = await this.#connected()
    const [{ name, ciphertext }] = await client.encrypt({ name: this.#name, plaintext: dataKey }, CALL)
    const bytes = bytesOf(ciphertext)
    if (bytes === undefined || typeof name !== 'string') throw new Error('the answer has no ciphertext')
    return { keyId: name, ciphertext: bytes }
  }

  /** The service finds the version of the key by itself. */
  async decrypt({ ciphertext }: WrappedDataKey): Promise<Uint8Array> {
    const client = await this.#connected()
    const [{ plaintext }] = await client.decrypt({ name: this.#name, ciphertext }, CALL)
    const bytes = bytesOf(plaintext)
    if (bytes === undefined) throw new Error('the answer has no plaintext')
    return bytes
  }

  close(): void {
    this.#client?.close().catch(() => undefined)
  }

  async #connected(): Promise<GoogleKmsClient> {
    const { KeyManagementServiceClient } = await sdk()
    this.#client ??= new KeyManagementServiceClient({
      // Over HTTP rather than gRPC: two small calls in ten minutes.
      fallback: true,
      ...(this.#options.credentials === '' ? {} : { keyFilename: this.#options.credentials }),
      ...(this.#options.authClient === undefined ? {} : { authClient: this.#options.authClient }),
      ...endpointOf(this.#options.endpoint),
    })
    return this.#client
  }
}

function endpointOf(endpoint: string): Readonly<Record<string, unknown>> {
  if (endpoint === '') return {}
  const { protocol, hostname, port } = new URL(endpoint)
  return {
    apiEndpoint: hostname,
    protocol: protocol.slice(0, -1),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  }
}

/** Over HTTP the SDK gives bytes as base64. */
function bytesOf(value: Uint8Array | string | null | undefined): Uint8Array | undefined {
  if (typeof value === 'string') return value === '' ? undefined : Uint8Array.from(Buffer.from(value, 'base64'))
  return value === null || value === undefined || value.length === 0 ? undefined : Uint8Array.from(value)
}

function sdk(): Promise<GoogleKms> {
  return optionalPackage('@google-cloud/kms', async () => {
    const loaded: GoogleKms = await import(import.meta.resolve('@google-cloud/kms'))
    return loaded
  })
}
