import { definePath, f, replySchema, stringify, type PathDefinition, type WriteView } from '#framework'
import type { Request } from '../../../../../request/request.ts'
import { withClaims } from '../claims.ts'
import { redeem, TokenRefused, type Credentials, type Redeemed } from '../exchange.ts'
import { providerIssuer } from '../issuer.ts'
import { hashClaim, signCompact } from '../jws.ts'
import type { OidcPorts } from '../ports.ts'
import { errorReply, errorSchema, jsonReply } from '../replies.ts'
import { claimsOfScopes } from '../scope.ts'
import { CLIENT_FACT, SCOPES_FACT } from '../access.ts'

const fields = {
  code: f.string('The authorization code.').sensitive().default(''),
  grant_type: f.string('`authorization_code`.').default(''),
  redirect_uri: f.string('The same as in the request for the code.').default(''),
  code_verifier: f.string('The proof that the code was asked for by the same client (PKCE).').sensitive().default(''),
  client_id: f.string('Id of the client, unless it stands in the header `Authorization`.').default(''),
  client_secret: f
    .string('Secret of the client, unless it stands in the header `Authorization`.')
    .sensitive()
    .default(''),
}

const tokenReply = replySchema(
  'The tokens.',
  {
    access_token: f.string('Reads the claims at `userinfo`, and nothing else.').sensitive(),
    expires_in: f.int('Seconds for which it does.'),
    id_token: f.string('Who has logged in: a JWT.').sensitive(),
    token_type: f.string('`Bearer`.'),
  },
  { contentType: 'application/json' },
)

/** RFC 6749, 5.1. */
const NOT_KEPT = [
  ['Cache-Control', 'no-store'],
  ['Pragma', 'no-cache'],
] as const

export function providerTokenPaths(ports: OidcPorts): readonly PathDefinition[] {
  return [
    definePath('oidc/provider/{name}/token', {
      help: 'The token endpoint of a provider.',
      description: 'A client redeems its code here: once, and with its secret or with the proof of PKCE.',
      params: { name: f.name('Name of the provider.') },
      flags: { unauthenticated: true },
    }).write({
      summary: 'Redeem an authorization code.',
      operationId: 'oidc-provider-token',
      fields,
      replies: { 200: tokenReply, 400: errorSchema, 401: errorSchema },
      run: async (c) => {
        try {
          const asked = {
            provider: c.params.name,
            request: c.in,
            credentials: credentialsOf(c.request, c.in),
            now: c.clock.now(),
          }
          const redeemed = await redeem(c.view, asked, ports)
          const issue = { ...c, provider: c.params.name, code: c.in.code }
          return jsonReply(200, await tokensFor(redeemed, issue, ports), NOT_KEPT)
        } catch (error) {
          if (!(error instanceof TokenRefused)) throw error
          // Not thrown on: then the code would be there again.
          return error.code === 'invalid_client'
            ? errorReply(401, error.code, error.message, {}, [...NOT_KEPT, ['WWW-Authenticate', 'Basic']])
            : errorReply(400, error.code, error.message, {}, NOT_KEPT)
        }
      },
    }),
  ]
}

interface Issue {
  readonly view: WriteView
  readonly request: Request
  readonly clock: { now(): number }
  readonly log: { warn(message: string, fields: { readonly scope: string }): void }
  readonly provider: string
  readonly code: string
}

async function tokensFor({ code, client, key, pairs, holder, provider }: Redeemed, c: Issue, ports: OidcPorts) {
  const now = c.clock.now()
  const added = await claimsOfScopes(c.view, code.scopes, {
    facts: holder,
    now,
    unfit: (scope) => c.log.warn('the template of a scope does not fit the holder', { scope }),
  })
  if (added.kind === 'conflict') throw new TokenRefused('invalid_request', added.sentence)
  const { token } = await ports.tokens().make(c.view, {
    type: 'batch',
    parent: undefined,
    policies: [],
    confined: {
      policy: `path "identity/oidc/provider/${c.provider}/userinfo" { capabilities = ["read", "update"] }`,
      facts: new Map([
        [CLIENT_FACT, client.clientId],
        [SCOPES_FACT, code.scopes.join(' ')],
      ]),
    },
    path: c.request.path,
    meta: new Map([['oidc_token_type', 'access token']]),
    displayName: '',
    numUses: 0,
    ttl: client.accessTokenTtl,
    explicitMaxTtl: 0,
    period: 0,
    role: '',
    entityId: holder.entity.id,
    boundCidrs: [],
    renewable: false,
    namespaceId: c.request.namespace.id,
  })
  const seconds = Math.floor(now / 1000)
  const own = new Map<string, string | number>([
    ['at_hash', hashClaim(key.algorithm, token)],
    ['aud', client.clientId],
    ...(code.authTime === 0 ? [] : [['auth_time', code.authTime] as const]),
    ['c_hash', hashClaim(key.algorithm, c.code)],
    ['exp', seconds + client.idTokenTtl],
    ['iat', seconds],
    ['iss', await providerIssuer(c, { name: c.provider, provider }, ports)],
    ['namespace', c.request.namespace.id],
    ...(code.nonce === '' ? [] : [['nonce', code.nonce] as const]),
    ['sub', holder.entity.id],
  ])
  return {
    access_token: token,
    expires_in: client.accessTokenTtl,
    id_token: signCompact(stringify(withClaims(own, ...added.claims)), pairs.current),
    token_type: 'Bearer',
  }
}

/** `client_secret_basic`, or else `client_secret_post` and none. */
function credentialsOf(
  { headers }: Request,
  given: { readonly client_id: string; readonly client_secret: string },
): Credentials {
  const [header, more] = headers.get('authorization') ?? []
  const encoded = more === undefined ? /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header ?? '')?.[1] : undefined
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString()
  const at = text.indexOf(':')
  return at === -1
    ? { clientId: given.client_id, clientSecret: given.client_secret }
    : { clientId: unescaped(text.slice(0, at)), clientSecret: unescaped(text.slice(at + 1)) }
}

/** Both are escaped as in a form (RFC 6749, 2.3.1), or not, as many clients do it: no id and no secret has an escape of its own. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
