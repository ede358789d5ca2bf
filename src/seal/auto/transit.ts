/** The seal whose key is one of the transit engine of another server: Vault, OpenBao or Coffer. */
import { ownBytes } from '../../lib/secure/random.ts'
import { type JsonAnswer, JsonClient, type JsonClientOptions, memberOf } from './json-client.ts'
import type { KeyService, WrappedDataKey } from './key-service.ts'
import { TokenRenewal, type TokenRenewalDeps } from './token-renewal.ts'

export interface TransitOptions extends Omit<JsonClientOptions, 'headers'> {
  readonly token: string
  readonly keyName: string
  readonly mountPath: string
  readonly namespace: string
  readonly disableRenewal: boolean
}

export class TransitService implements KeyService {
  readonly type = 'transit'
  readonly #client: JsonClient
  readonly #mount: string
  readonly #key: string
  readonly #renewal: TokenRenewal | undefined

  constructor(options: TransitOptions, deps: TokenRenewalDeps) {
    const { token, namespace } = options
    const headers = { 'x-vault-token': token, 'x-vault-request': 'true' }
    this.#client = new JsonClient({
      ...options,
      headers: namespace === '' ? headers : { ...headers, 'x-vault-namespace': namespace },
    })
    this.#mount = options.mountPath.replaceAll(/^\/+|\/+$/g, '')
    this.#key = options.keyName
    if (!options.disableRenewal)
      this.#renewal = new TokenRenewal((signal) => this.#client.post('/v1/auth/token/renew-self', {}, signal), deps)
  }

  async encrypt(dataKey: Uint8Array, signal: AbortSignal): Promise<WrappedDataKey> {
    const plaintext = Buffer.from(dataKey).toString('base64')
    const ciphertext = await this.#ask('encrypt', { plaintext }, 'ciphertext', signal)
    const version = /^[a-z]+:v(\d+):./.exec(ciphertext)?.[1]
    if (version === undefined) throw new Error('the transit engine did not answer with a ciphertext')
    return { keyId: `${this.#mount}/${this.#key}:v${version}`, ciphertext: Buffer.from(ciphertext) }
  }

  async decrypt({ ciphertext }: WrappedDataKey, signal: AbortSignal): Promise<Uint8Array> {
    const text = Buffer.from(ciphertext).toString()
    const plaintext = await this.#ask('decrypt', { ciphertext: text }, 'plaintext', signal)
    const pooled = Buffer.from(plaintext, 'base64')
    const dataKey = ownBytes(pooled.length)
    dataKey.set(pooled)
    pooled.fill(0)
    return dataKey
  }

  close(): void {
    this.#renewal?.stop()
  }

  async #ask(verb: 'encrypt' | 'decrypt', body: object, member: string, signal: AbortSignal): Promise<string> {
    this.#renewal?.start()
    const path = `/v1/${this.#mount}/${verb}/${encodeURIComponent(this.#key)}`
    const answer = await this.#client.post(path, body, signal)
    const value = memberOf(answer.body, 'data', member)
    if (answer.status !== 200 || typeof value !== 'string') throw new Error(`${verb}: ${failureOf(answer)}`)
    return value
  }
}

/** Status and the server's own words. */
export function failureOf({ status, body }: JsonAnswer): string {
  const errors = memberOf(body, 'errors')
  const words = Array.isArray(errors) ? errors.filter((error) => typeof error === 'string').join('; ') : ''
  return `the server answered with status ${status}${words === '' ? '' : ` (${words.trim()})`}`
}
