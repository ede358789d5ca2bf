import { badRequest, definePath, f, ok, replySchema, stringify, type PathDefinition } from '#framework'
import { renderClaims, withClaims, type Claims } from '../claims.ts'
import { holderOf } from '../entity.ts'
import { tokenIssuer } from '../issuer.ts'
import { signCompact } from '../jws.ts'
import { allowsClient } from '../named-key.ts'
import type { OidcPorts } from '../ports.ts'
import { keys, roles, signingPairs } from '../store.ts'

const tokenReply = replySchema('An identity token.', {
  client_id: f.string('The `aud` of the token.'),
  token: f.string('The token: a JWT.').sensitive(),
  ttl: f.int('How long it is valid, in seconds.'),
})

const NO_CLAIMS: Claims = new Map()

export function tokenPaths(ports: OidcPorts): readonly PathDefinition[] {
  return [
    definePath('oidc/token/{name}', {
      help: 'Makes identity tokens.',
      description: 'A signed statement of who the caller is, which others can verify with the published keys.',
      params: { name: f.name('Name of the role.') },
    }).read({
      summary: 'Make an identity token for the entity of the caller.',
      operationId: 'oidc-generate-token',
      replies: { 200: tokenReply },
      run: async (c) => {
        const { name } = c.params
        const role = await roles.get(c.view, name)
        if (role === undefined) return badRequest(`role "${name}" not found`)
        const key = await keys.get(c.view, role.key)
        const pairs = await signingPairs.get(c.view, { name: role.key })
        if (key === undefined || pairs === undefined) return badRequest(`key "${role.key}" not found`)
        if (!allowsClient(key, role.clientId))
          badRequest(`the key "${role.key}" does not list the client ID of the role "${name}" as an allowed client ID`)
        const entityId = c.caller?.entityId ?? ''
        const holder = entityId === '' ? undefined : await holderOf(c.view, entityId, ports)
        if (holder === undefined) return badRequest("no entity associated with the request's token")
        const ttl = Math.min(role.ttl, key.verificationTtl)
        if (ttl < role.ttl)
          c.warn(
            `a role's token ttl cannot be longer than the verification_ttl of the key it references, setting token ttl to ${ttl}`,
          )
        const now = c.clock.now()
        const rendered = renderClaims(role.template, holder, now)
        if (rendered.kind !== 'claims')
          c.log.warn('a template of an identity token does not fit its holder', { role: name })
        const seconds = Math.floor(now / 1000)
        const payload = withClaims(
          new Map<string, string | number>([
            ['aud', role.clientId],
            ['exp', seconds + ttl],
            ['iat', seconds],
            ['iss', await tokenIssuer(c, ports)],
            ['namespace', c.request.namespace.id],
            ['sub', holder.entity.id],
          ]),
          rendered.kind === 'claims' ? rendered.claims : NO_CLAIMS,
        )
        return ok(tokenReply, {
          client_id: role.clientId,
          token: signCompact(stringify(payload), pairs.current),
          ttl,
        })
      },
    }),
  ]
}
