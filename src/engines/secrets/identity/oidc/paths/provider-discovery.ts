import { absent, definePath, f, replySchema, type PathDefinition } from '#framework'
import { algorithmNames } from '../algorithms.ts'
import { providerIssuer } from '../issuer.ts'
import { jwks, providerKeys } from '../jwks.ts'
import type { OidcPorts } from '../ports.ts'
import { jsonReply, jwksSchema, maxAge } from '../replies.ts'
import { OPENID } from '../scope.ts'
import { providers } from '../store.ts'
import { METADATA_AGE } from './discovery.ts'

const metadata = replySchema(
  'What a client has to know of the provider (OpenID Connect Discovery 1.0).',
  {
    issuer: f.string('The `iss` of the ID tokens.'),
    jwks_uri: f.string('Where the public keys are.'),
    authorization_endpoint: f.string('Where a browser is sent to log in.'),
    token_endpoint: f.string('Where a code is redeemed.'),
    userinfo_endpoint: f.string('Where claims are read with an access token.'),
    scopes_supported: f.list('Scopes that may be asked for.'),
  },
  { contentType: 'application/json' },
)

export function providerDiscoveryPaths(ports: Pick<OidcPorts, 'apiAddress'>): readonly PathDefinition[] {
  return [
    definePath('oidc/provider/{name}/.well-known/openid-configuration', {
      help: 'Metadata of a provider.',
      params: { name: f.name('Name of the provider.') },
      flags: { unauthenticated: true },
    }).read({
      summary: 'Read the metadata of a provider.',
      operationId: 'oidc-read-provider-open-id-configuration',
      replies: { 200: metadata },
      run: async (c) => {
        const { name } = c.params
        const provider = await providers.get(c.view, name)
        if (provider === undefined) return absent()
        const issuer = await providerIssuer(c, { name, provider }, ports)
        return jsonReply(
          200,
          {
            issuer,
            jwks_uri: `${issuer}/.well-known/keys`,
            // A page that logs a person in and asks the path of the same name below /v1/.
            authorization_endpoint: `${issuer.replace('/v1/', '/ui/vault/')}/authorize`,
            token_endpoint: `${issuer}/token`,
            userinfo_endpoint: `${issuer}/userinfo`,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            id_token_signing_alg_values_supported: algorithmNames,
            response_types_supported: ['code'],
            scopes_supported: [...provider.scopesSupported, OPENID],
            claims_supported: [],
            subject_types_supported: ['public'],
            grant_types_supported: ['authorization_code'],
            token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
            code_challenge_methods_supported: ['plain', 'S256'],
          },
          maxAge(METADATA_AGE),
        )
      },
    }),
    definePath('oidc/provider/{name}/.well-known/keys', {
      help: 'Public keys of a provider.',
      params: { name: f.name('Name of the provider.') },
      flags: { unauthenticated: true },
    }).read({
      summary: 'Read the public keys with which ID tokens are verified.',
      operationId: 'oidc-read-provider-public-keys',
      replies: { 200: jwksSchema },
      run: async (c) => {
        const provider = await providers.get(c.view, c.params.name)
        if (provider === undefined) return absent()
        return jsonReply(200, jwks(await providerKeys(c.view, provider, c.clock.now())))
      },
    }),
  ]
}
