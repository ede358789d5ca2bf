import {
  definePath,
  f,
  replySchema,
  type CallContext,
  type PathDefinition,
  type ReadView,
  type Reply,
} from '#framework'
import type { Caller } from '../../../../../request/caller.ts'
import type { Request } from '../../../../../request/request.ts'
import { CLIENT_FACT, SCOPES_FACT } from '../access.ts'
import { withClaims } from '../claims.ts'
import { holderOf, isAssigned } from '../entity.ts'
import { allows } from '../jwks.ts'
import type { OidcPorts } from '../ports.ts'
import { errorReply, errorSchema, jsonReply } from '../replies.ts'
import { claimsOfScopes, supported } from '../scope.ts'
import { clients, providers } from '../store.ts'

const claimsReply = replySchema(
  'The claims of the scopes that the holder let the client have.',
  { sub: f.string('Id of the entity.') },
  { contentType: 'application/json', members: f.json('A claim.') },
)

interface Call extends CallContext {
  readonly params: { readonly name: string }
  readonly view: ReadView
}

export function userinfoPaths(ports: Pick<OidcPorts, 'identity'>): readonly PathDefinition[] {
  const run = (c: Call): Promise<Reply> => userinfo(c, ports)
  const replies = { 200: claimsReply, 400: errorSchema, 401: errorSchema, 403: errorSchema }
  return [
    definePath('oidc/provider/{name}/userinfo', {
      help: 'The userinfo endpoint of a provider.',
      description: 'Takes an access token in the header `Authorization`, and no other token.',
      params: { name: f.name('Name of the provider.') },
      flags: { bearerChallenge: true },
    })
      .read({ summary: 'Read claims with an access token.', operationId: 'oidc-provider-user-info', replies, run })
      .compute({
        summary: 'Read claims with an access token, by POST.',
        operationId: 'oidc-provider-user-info2',
        replies,
        flags: { place: 'anywhere' },
        run,
      }),
  ]
}

async function userinfo(c: Call, ports: Pick<OidcPorts, 'identity'>): Promise<Reply> {
  const provider = await providers.get(c.view, c.params.name)
  if (provider === undefined) return unauthorized(400, 'invalid_request', 'provider not found')
  const access = accessOf(c.caller, c.request)
  if (typeof access === 'string') return unauthorized(401, 'invalid_token', access)
  const client = await clients.byId(c.view, access.clientId)
  if (client === undefined) return denied('client not found')
  const holder = access.entityId === '' ? undefined : await holderOf(c.view, access.entityId, ports)
  if (holder === undefined) return denied('identity entity associated with the request not found')
  if (!(await isAssigned(c.view, holder, client.assignments)))
    return denied('identity entity not authorized by client assignment')
  if (!allows(provider.allowedClientIds, client.clientId)) return denied('client is not authorized to use the provider')
  const added = await claimsOfScopes(c.view, supported(access.scopes, provider.scopesSupported), {
    facts: holder,
    now: c.clock.now(),
    unfit: (scope) => c.log.warn('the template of a scope does not fit the holder', { scope }),
  })
  if (added.kind === 'conflict') return unauthorized(400, 'invalid_request', added.sentence)
  return jsonReply(200, withClaims(new Map([['sub', holder.entity.id]]), ...added.claims))
}

/** What an access token lets its bearer read, or why this is none. */
function accessOf(caller: Caller | undefined, request: Request) {
  // Where another token came along, it is not plain which of them is meant.
  if (request.headers.has('x-vault-token') || !request.headers.has('authorization'))
    return 'access token must be sent as a Bearer token'
  const clientId = caller?.confined?.facts.get(CLIENT_FACT)
  if (caller === undefined || clientId === undefined) return 'access token is malformed or invalid'
  const scopes = caller.confined?.facts.get(SCOPES_FACT) ?? ''
  return { clientId, entityId: caller.entityId, scopes: scopes.split(' ').filter((name) => name !== '') }
}

function denied(description: string): Reply {
  return errorReply(403, 'access_denied', description)
}

/** RFC 6750, 3. The descriptions are of this program, without a quotation mark in any of them but those around a claim. */
function unauthorized(status: number, error: string, description: string): Reply {
  const quoted = description.replaceAll('"', "'")
  return errorReply(status, error, description, {}, [
    ['WWW-Authenticate', `Bearer error="${error}",error_description="${quoted}"`],
  ])
}
