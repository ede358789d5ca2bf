/** Redeems an authorization code: what has to be right, in the order in which Vault looks at it. */
import type { WriteView } from '#framework'
import { holderOf, isAssigned, type Holder } from './entity.ts'
import { allows } from './jwks.ts'
import { allowsClient, type NamedKey, type SigningPairs } from './named-key.ts'
import { answersChallenge } from './pkce.ts'
import type { OidcPorts } from './ports.ts'
import { clients, codes, keys, providers, signingPairs, type Client, type Code, type Provider } from './store.ts'
import { secretsEqual } from '../../../../lib/secure/equal.ts'

export interface TokenRequest {
  readonly code: string
  readonly grant_type: string
  readonly redirect_uri: string
  readonly code_verifier: string
}

export interface Redeemed {
  readonly code: Code
  readonly client: Client
  readonly provider: Provider
  readonly key: NamedKey
  readonly pairs: SigningPairs
  readonly holder: Holder
}

/** An error of RFC 6749, 5.2. What was done to the code by then stays done. */
export class TokenRefused extends Error {
  readonly code: 'invalid_request' | 'invalid_client' | 'invalid_grant' | 'unsupported_grant_type'

  constructor(code: TokenRefused['code'], description: string) {
    super(description)
    this.name = 'TokenRefused'
    this.code = code
  }
}

export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
}

/** The client, if it is who it says. What is wrong is not told. */
export async function authenticate(view: WriteView, { clientId, clientSecret }: Credentials): Promise<Client> {
  if (clientId === '') throw new TokenRefused('invalid_request', 'client_id parameter is required')
  const client = await clients.byId(view, clientId)
  const known = client?.type === 'public' || (client !== undefined && secretsEqual(client.clientSecret, clientSecret))
  if (client === undefined || !known) throw new TokenRefused('invalid_client', 'client failed to authenticate')
  return client
}

/** Throws `TokenRefused`. The code is gone afterwards, whatever came of it: it works once. */
export async function redeem(
  view: WriteView,
  asked: {
    readonly provider: string
    readonly request: TokenRequest
    readonly credentials: Credentials
    readonly now: number
  },
  ports: Pick<OidcPorts, 'identity'>,
): Promise<Redeemed> {
  const { request, now } = asked
  const provider = await providers.get(view, asked.provider)
  if (provider === undefined) throw new TokenRefused('invalid_request', 'provider not found')
  const client = await authenticate(view, asked.credentials)
  const key = await keyOf(view, client, provider)
  if (request.grant_type !== 'authorization_code')
    throw new TokenRefused('unsupported_grant_type', 'unsupported grant_type or parameter is empty value')
  const code = await takeCode(view, request.code, now)
  assertOwn(code, { request, client, provider: asked.provider })
  const holder = await holderOf(view, code.entityId, ports)
  if (holder === undefined)
    throw new TokenRefused('invalid_request', 'identity entity associated with the request not found')
  if (!(await isAssigned(view, holder, client.assignments)))
    throw new TokenRefused('invalid_request', 'identity entity not authorized by client assignment')
  assertVerifier(code, request.code_verifier, client)
  return { code, client, provider, ...key, holder }
}

async function keyOf(view: WriteView, client: Client, provider: Provider) {
  if (!allows(provider.allowedClientIds, client.clientId))
    throw new TokenRefused('invalid_client', 'client is not authorized to use the provider')
  const key = await keys.get(view, client.key)
  const pairs = await signingPairs.get(view, { name: client.key })
  if (key === undefined || pairs === undefined) throw new Error('the key of a client is gone')
  if (!allowsClient(key, client.clientId))
    throw new TokenRefused('invalid_client', 'client is not authorized to use the key')
  return { key, pairs }
}

async function takeCode(view: WriteView, code: string, now: number): Promise<Code> {
  if (code === '') throw new TokenRefused('invalid_request', 'code parameter is required')
  const found = await codes.get(view, code)
  // What nobody gave out leaves no write behind.
  if (found !== undefined) codes.delete(view, code)
  if (found === undefined || found.expiresAt <= now)
    throw new TokenRefused('invalid_grant', 'authorization grant is invalid or expired')
  return found
}

function assertOwn(
  code: Code,
  { request, client, provider }: { readonly request: TokenRequest; readonly client: Client; readonly provider: string },
): void {
  if (code.clientId !== client.clientId)
    throw new TokenRefused('invalid_grant', 'authorization code was not issued to the client')
  if (code.provider !== provider)
    throw new TokenRefused('invalid_grant', 'authorization code was not issued by the provider')
  if (request.redirect_uri === '') throw new TokenRefused('invalid_request', 'redirect_uri parameter is required')
  if (code.redirectUri !== request.redirect_uri)
    throw new TokenRefused(
      'invalid_grant',
      'redirect_uri does not match the redirect_uri used in the authorization request',
    )
}

function assertVerifier({ challenge }: Code, verifier: string, client: Client): void {
  if (challenge === undefined) {
    if (client.type === 'public') throw new TokenRefused('invalid_request', 'PKCE is required for public clients')
    // Somebody took the challenge out of the client's request on its way.
    if (verifier !== '') throw new TokenRefused('invalid_request', 'unexpected code_verifier for token exchange')
    return
  }
  if (verifier === '') throw new TokenRefused('invalid_request', 'expected code_verifier for token exchange')
  if (!answersChallenge(verifier, challenge))
    throw new TokenRefused('invalid_grant', 'invalid code_verifier for token exchange')
}
