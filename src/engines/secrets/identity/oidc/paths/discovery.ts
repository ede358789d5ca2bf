import { randomInt } from 'node:crypto'
import { definePath, f, replySchema, type PathDefinition, type ReadView } from '#framework'
import { algorithmNames } from '../algorithms.ts'
import { tokenIssuer } from '../issuer.ts'
import { jwks, roleKeys } from '../jwks.ts'
import type { OidcPorts } from '../ports.ts'
import { jsonReply, jwksSchema, maxAge } from '../replies.ts'
import { keys } from '../store.ts'

const metadata = replySchema(
  'What a verifier of identity tokens has to know (OpenID Connect Discovery 1.0).',
  {
    issuer: f.string('The `iss` of the tokens.'),
    jwks_uri: f.string('Where the public keys are.'),
    response_types_supported: f.list('`id_token`.'),
    subject_types_supported: f.list('`public`.'),
    id_token_signing_alg_values_supported: f.list('Algorithms that keys may have.'),
  },
  { contentType: 'application/json' },
)

/** Seconds for which metadata may be kept. */
export const METADATA_AGE = 3600

export function discoveryPaths(ports: Pick<OidcPorts, 'apiAddress'>): readonly PathDefinition[] {
  return [
    definePath('oidc/.well-known/openid-configuration', {
      help: 'Metadata of the issuer of identity tokens.',
      params: {},
      flags: { unauthenticated: true },
    }).read({
      summary: 'Read the metadata of the issuer of identity tokens.',
      operationId: 'oidc-read-open-id-configuration',
      replies: { 200: metadata },
      run: async (c) => {
        const issuer = await tokenIssuer(c, ports)
        return jsonReply(
          200,
          {
            issuer,
            jwks_uri: `${issuer}/.well-known/keys`,
            response_types_supported: ['id_token'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: algorithmNames,
          },
          maxAge(METADATA_AGE),
        )
      },
    }),
    definePath('oidc/.well-known/keys', {
      help: 'Public keys of identity tokens.',
      params: {},
      flags: { unauthenticated: true },
    }).read({
      summary: 'Read the public keys with which identity tokens are verified.',
      operationId: 'oidc-read-public-keys',
      replies: { 200: jwksSchema },
      run: async (c) => {
        const published = await roleKeys(c.view, c.clock.now())
        return jsonReply(200, jwks(published), published.length === 0 ? [] : maxAge(await keysAge(c.view)))
      },
    }),
  ]
}

/**
 * Seconds for which the keys may be kept, as in Vault: up to the shortest period of any key, so that what is kept shows every key before
 * it signs; at random, so that the verifiers do not all come at once.
 */
async function keysAge(view: ReadView): Promise<number> {
  let shortest = Infinity
  for await (const [, key] of keys.entries(view)) shortest = Math.min(shortest, key.rotationPeriod, key.verificationTtl)
  return shortest > 0 && shortest < Infinity ? randomInt(Math.min(shortest, 2 ** 47)) : 0
}
