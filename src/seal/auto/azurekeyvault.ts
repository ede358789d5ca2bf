/** The seal whose key is an RSA key of Azure Key Vault or of a managed HSM. */
import type { CryptographyClientOptions, KeyClient } from '@azure/keyvault-keys'
import type { KeyService, WrappedDataKey } from './key-service.ts'
import { optionalPackage } from './optional-package.ts'

type TokenCredential = ConstructorParameters<typeof KeyClient>[1]

export interface AzureKeyVaultOptions {
  readonly tenantId: string
  readonly clientId: string
  /** Empty: a managed identity, or whatever else the SDK finds. */
  readonly clientSecret: string
  readonly cloud: AzureCloud
  readonly vaultName: string
  readonly keyName: string
  /** DNS suffix of the vault; empty for that of the cloud. */
  readonly resource: string
  /** Address of the vault; empty for that of its name. */
  readonly endpoint: string
  /** Who to be, instead of what tenant, client and secret say. */
  readonly credential?: TokenCredential
  /** Further options for the SDK's clients. */
  readonly client?: CryptographyClientOptions & { readonly tlsOptions?: { readonly ca: string } }
}

export type AzureCloud = 'azurepubliccloud' | 'azureusgovernmentcloud' | 'azurechinacloud'

const CLOUDS: Readonly<Record<AzureCloud, { readonly vaults: string; readonly logins: string }>> = {
  azurepubliccloud: { vaults: 'vault.azure.net', logins: 'https://login.microsoftonline.com' },
  azureusgovernmentcloud: { vaults: 'vault.usgovcloudapi.net', logins: 'https://login.microsoftonline.us' },
  azurechinacloud: { vaults: 'vault.azure.cn', logins: 'https://login.chinacloudapi.cn' },
}

/** The service takes no data along with a key: what it wraps is bound to its place by the seal's own envelope. */
const ALGORITHM = 'RSA-OAEP-256'

/** What is used of `@azure/identity`, which is not installed everywhere. */
interface AzureIdentity {
  readonly ClientSecretCredential: new (
    tenantId: string,
    clientId: string,
    clientSecret: string,
    options: { readonly authorityHost: string },
  ) => TokenCredential
  readonly DefaultAzureCredential: new (options: {
    readonly authorityHost: string
    readonly tenantId?: string
    readonly managedIdentityClientId?: string
  }) => TokenCredential
}

export class AzureKeyVaultService implements KeyService {
  readonly type = 'azurekeyvault'
  readonly #options: AzureKeyVaultOptions
  #credential: TokenCredential | undefined

  constructor(options: AzureKeyVaultOptions) {
    this.#options = options
  }

  async encrypt(dataKey: Uint8Array, abortSignal: AbortSignal): Promise<WrappedDataKey> {
    const { KeyClient, CryptographyClient } = await sdk()
    const credential = await this.#identity()
    // Asked for each time: the newest version encrypts.
    const key = await new KeyClient(this.#address(), credential, this.#client()).getKey(this.#options.keyName, {
      abortSignal,
    })
    const client = new CryptographyClient(key, credential, this.#client())
    const { result, keyID } = await client.wrapKey(ALGORITHM, dataKey, { abortSignal })
    const keyId = keyID ?? key.id
    if (keyId === undefined) throw new Error('the answer names no key')
    return { keyId, ciphertext: result }
  }

  async decrypt({ keyId, ciphertext }: WrappedDataKey, abortSignal: AbortSignal): Promise<Uint8Array> {
    const { CryptographyClient } = await sdk()
    // What is stored does not say where to send a token.
    if (!keyId.startsWith(`${this.#address()}/keys/`)) throw new Error('the key is of another key vault')
    const client = new CryptographyClient(keyId, await this.#identity(), this.#client())
    return (await client.unwrapKey(ALGORITHM, ciphertext, { abortSignal })).result
  }

  #address(): string {
    const { endpoint, vaultName, resource, cloud } = this.#options
    if (endpoint !== '') return endpoint.replace(/\/+$/, '')
    const suffix = resource === '' ? CLOUDS[cloud].vaults : resource.replace(/^https:\/\//, '').replace(/\/+$/, '')
    return `https://${vaultName}.${suffix}`
  }

  #client(): CryptographyClientOptions {
    const { endpoint, client } = this.#options
    return {
      retryOptions: { maxRetries: 1 },
      // A vault under another name answers for the one it stands for.
      disableChallengeResourceVerification: endpoint !== '',
      ...client,
    }
  }

  async #identity(): Promise<TokenCredential> {
    this.#credential ??= this.#options.credential ?? (await this.#madeIdentity())
    return this.#credential
  }

  async #madeIdentity(): Promise<TokenCredential> {
    const { tenantId, clientId, clientSecret, cloud } = this.#options
    const { ClientSecretCredential, DefaultAzureCredential } = await identity()
    const authorityHost = CLOUDS[cloud].logins
    if (clientSecret !== '') return new ClientSecretCredential(tenantId, clientId, clientSecret, { authorityHost })
    return new DefaultAzureCredential({
      authorityHost,
      ...(tenantId === '' ? {} : { tenantId }),
      ...(clientId === '' ? {} : { managedIdentityClientId: clientId }),
    })
  }
}

function sdk() {
  return optionalPackage('@azure/keyvault-keys', () => import('@azure/keyvault-keys'))
}

function identity(): Promise<AzureIdentity> {
  return optionalPackage('@azure/identity', async () => {
    const loaded: AzureIdentity = await import(import.meta.resolve('@azure/identity'))
    return loaded
  })
}
