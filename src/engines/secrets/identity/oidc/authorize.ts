/** What a request for an authorization code must hold; who may have one is decided by the path. */
import type { ReadView } from '#framework'
import type { Caller } from '../../../../request/caller.ts'
import { holderOf, isAssigned } from './entity.ts'
import { allows } from './jwks.ts'
import { challengeMethod, isChallenge, type Challenge } from './pkce.ts'
import type { OidcPorts } from './ports.ts'
import { redirectAllowed } from './redirect.ts'
import { OPENID, requestedScopes } from './scope.ts'
import { clients, providers, type Client, type Code } from './store.ts'

export interface AuthorizeRequest {
  readonly client_id: string
  readonly redirect_uri: string
  readonly scope: string
  readonly response_type: string
  readonly state: string
  readonly nonce: string
  readonly max_age: number | undefined
  readonly code_challenge: string | undefined
  readonly code_challenge_method: string
}

export interface Asked {
  readonly view: ReadView
  readonly provider: string
  readonly in: AuthorizeRequest
  /** Whether a parameter was sent, whatever it says. */
  has(parameter: string): boolean
  readonly caller: Caller | undefined
  /** Wall clock, ms. */
  readonly now: number
}

/** An error of the protocol (OpenID Connect Core 3.1.2.6), and some that Vault's login page tells apart. */
export class Refused extends Error {
  readonly code: string

  constructor(code: string, description: string) {
    super(description)
    this.name = 'Refused'
    this.code = code
  }
}

/** Minutes are enough to be redirected; whoever finds a code later has nothing. */
const CODE_LIFETIME = 5 * 60_000

/** The code's content. Throws `Refused`. */
export async function authorize(asked: Asked, ports: Pick<OidcPorts, 'identity'>): Promise<Code> {
  const { view, in: request, now } = asked
  const client = await clientOf(asked)
  const scopes = await scopesOf(asked)
  if (request.response_type === '') throw new Refused('invalid_request', 'response_type parameter is required')
  if (request.response_type !== 'code')
    throw new Refused('unsupported_response_type', 'unsupported response_type value')
  const { entityId = '' } = asked.caller ?? {}
  if (entityId === '') throw new Refused('access_denied', 'identity entity must be associated with the request')
  const holder = await holderOf(view, entityId, ports)
  if (holder === undefined) throw new Refused('access_denied', 'identity entity associated with the request not found')
  if (!(await isAssigned(view, holder, client.assignments)))
    throw new Refused('access_denied', 'identity entity not authorized by client assignment')
  return {
    provider: asked.provider,
    clientId: client.clientId,
    entityId: holder.entity.id,
    redirectUri: request.redirect_uri,
    nonce: request.nonce,
    scopes,
    challenge: challengeOf(request, client),
    authTime: authTimeOf(asked),
    expiresAt: now + CODE_LIFETIME,
  }
}

async function clientOf({ view, in: { client_id: clientId, redirect_uri: uri } }: Asked): Promise<Client> {
  if (clientId === '') throw new Refused('invalid_client_id', 'client_id parameter is required')
  const client = await clients.byId(view, clientId)
  if (client === undefined) throw new Refused('invalid_client_id', 'client with client_id not found')
  if (uri === '') throw new Refused('invalid_request', 'redirect_uri parameter is required')
  if (!redirectAllowed(uri, client.redirectUris))
    throw new Refused('invalid_redirect_uri', 'redirect_uri is not allowed for the client')
  return client
}

async function scopesOf({ view, provider: name, in: request, has }: Asked): Promise<readonly string[]> {
  const provider = await providers.get(view, name)
  if (provider === undefined) throw new Refused('invalid_request', 'provider not found')
  if (!allows(provider.allowedClientIds, request.client_id))
    throw new Refused('unauthorized_client', 'client is not authorized to use the provider')
  // What stands in such an object would count instead of what was checked here.
  if (has('request')) throw new Refused('request_not_supported', 'request parameter is not supported')
  if (has('request_uri')) throw new Refused('request_uri_not_supported', 'request_uri parameter is not supported')
  const scopes = requestedScopes(request.scope, provider)
  if (scopes === undefined) throw new Refused('invalid_request', `scope parameter must contain the "${OPENID}" value`)
  return scopes
}

function challengeOf(request: AuthorizeRequest, client: Client): Challenge | undefined {
  const { code_challenge: challenge, code_challenge_method: name } = request
  if (challenge === undefined) {
    if (client.type === 'public') throw new Refused('invalid_request', 'PKCE is required for public clients')
    return undefined
  }
  const method = challengeMethod(name)
  if (method === undefined) throw new Refused('invalid_request', 'invalid code_challenge_method')
  if (!isChallenge(challenge)) throw new Refused('invalid_request', 'invalid code_challenge')
  return { challenge, method }
}

/** When the holder logged in, where the client wants to know that it is not too long ago. */
function authTimeOf({ in: { max_age: maxAge }, caller, now }: Asked): number {
  if (maxAge === undefined) return 0
  if (maxAge < 1) throw new Refused('invalid_request', 'max_age must be greater than zero')
  const loggedIn = Math.floor((caller?.issuedAt ?? 0) / 1000)
  if (Math.floor(now / 1000) - loggedIn > maxAge)
    throw new Refused('max_age_violation', 'active re-authentication is required by max_age')
  return loggedIn
}
