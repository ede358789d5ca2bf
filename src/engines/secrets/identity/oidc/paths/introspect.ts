import { definePath, f, replySchema, type PathDefinition, type RawJson } from '#framework'
import { tokenIssuer } from '../issuer.ts'
import { roleKeys } from '../jwks.ts'
import { verifyCompact } from '../jws.ts'
import type { OidcPorts } from '../ports.ts'
import { jsonReply } from '../replies.ts'

const verdict = replySchema(
  'Whether the token is good.',
  { active: f.bool('It is.'), error: f.string('Why it is not.').optional() },
  { contentType: 'application/json' },
)

/** Seconds that a token may seem to be from the future: the clocks of two nodes. */
const SKEW = 60

export function introspectPaths(ports: OidcPorts): readonly PathDefinition[] {
  return [
    definePath('oidc/introspect', {
      help: 'Tells whether an identity token is good.',
      description:
        'The signature, the times and the issuer are looked at, and whether the entity is still there and not disabled.',
      params: {},
    }).compute({
      summary: 'Verify an identity token.',
      operationId: 'oidc-introspect',
      fields: {
        token: f.string('The token.').sensitive().default(''),
        client_id: f.string('The `aud` that it must have; any if empty.').default(''),
      },
      replies: { 200: verdict },
      flags: { place: 'anywhere' },
      run: async (c) => {
        const now = c.clock.now()
        const token = verifyCompact(c.in.token, await roleKeys(c.view, now))
        if (token.kind === 'malformed') return inactive(`error parsing token: ${token.reason}`)
        if (token.kind === 'unsigned') return inactive('unable to validate the token signature')
        const { claims } = token
        const expected = { issuer: await tokenIssuer(c, ports), clientId: c.in.client_id, now }
        const problem = claimsProblem(claims, expected)
        if (problem !== undefined) return inactive(`error validating claims: validation failed, ${problem}`)
        const entity = await ports.identity.entity(c.view, textOf(claims.get('sub')))
        if (entity === undefined) return inactive('entity was not found')
        return entity.disabled ? inactive('entity is disabled') : jsonReply(200, { active: true })
      },
    }),
  ]
}

function inactive(error: string) {
  return jsonReply(200, { active: false, error })
}

function claimsProblem(
  claims: ReadonlyMap<string, RawJson>,
  { issuer, clientId, now }: { readonly issuer: string; readonly clientId: string; readonly now: number },
): string | undefined {
  const seconds = now / 1000
  if (textOf(claims.get('iss')) !== issuer) return 'invalid issuer claim (iss)'
  if (clientId !== '' && textOf(claims.get('aud')) !== clientId) return 'invalid audience claim (aud)'
  if (numberOf(claims.get('exp')) <= seconds) return 'token is expired (exp)'
  return numberOf(claims.get('iat')) > seconds + SKEW ? 'token issued in the future (iat)' : undefined
}

function textOf(claim: RawJson | undefined): string {
  const value = claim?.value()
  return typeof value === 'string' ? value : ''
}

function numberOf(claim: RawJson | undefined): number {
  const value = claim?.value()
  return typeof value === 'number' ? value : 0
}
