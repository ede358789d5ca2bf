import {
  badRequest,
  definePath,
  done,
  f,
  none,
  ok,
  replySchema,
  type JsonOut,
  type PathDefinition,
  type ReadView,
} from '#framework'
import { infoListing } from '../../info-listing.ts'
import { sampleClaims } from '../claims.ts'
import { isIssuerAddress, ISSUER_PROBLEM, ISSUER_WARNING, providerIssuer, type Place } from '../issuer.ts'
import { allows } from '../jwks.ts'
import { once } from '../once.ts'
import type { OidcPorts } from '../ports.ts'
import { infoSchema } from '../replies.ts'
import { DEFAULT_PROVIDER, providers, scopes, type Provider } from '../store.ts'
import { pathOfOne } from './named.ts'

const fields = {
  issuer: f
    .string('Address (scheme, host and port) in the `iss` of ID tokens. If empty: the `api_addr` of the leader.')
    .optional(),
  allowed_client_ids: f.strings('Ids of the clients that may use the provider; `*` for all.').optional(),
  scopes_supported: f.strings('Scopes that clients may ask for besides `openid`.').optional(),
}
const providerReply = replySchema('A provider.', fields)

type Ports = Pick<OidcPorts, 'apiAddress'>

export function providerPaths(ports: Ports): readonly PathDefinition[] {
  const list = definePath('oidc/provider', { help: 'Providers let people log in to clients.', params: {} }).list({
    summary: 'List providers.',
    operationId: 'oidc-list-providers',
    fields: { allowed_client_id: f.string('Only providers that the client with this id may use.').default('') },
    replies: { 200: infoSchema },
    run: async (c) => {
      const clientId = c.in.allowed_client_id
      return infoListing(await providers.list(c.view), async (name) => {
        const provider = await providers.get(c.view, name)
        if (provider === undefined || (clientId !== '' && !allows(provider.allowedClientIds, clientId)))
          return undefined
        return shown(c, { name, provider }, ports)
      })
    },
  })

  const provider = pathOfOne({
    noun: 'provider',
    help: 'A provider of OpenID Connect.',
    reads: 'a provider',
    all: providers,
    reply: providerReply,
    show: async (found, c) => ok(providerReply, await shown(c, { name: c.params.name, provider: found }, ports)),
  })
    .write({
      summary: 'Create or change a provider.',
      operationId: 'oidc-write-provider',
      fields,
      replies: { 204: none, 200: replySchema('Stored, with warnings.', {}) },
      run: async (c) => {
        const { name } = c.params
        const before = await providers.get(c.view, name)
        const changed: Provider = {
          issuer: c.in.issuer ?? before?.issuer ?? '',
          allowedClientIds: once(c.in.allowed_client_ids ?? before?.allowedClientIds ?? []),
          scopesSupported: once(c.in.scopes_supported ?? before?.scopesSupported ?? []),
        }
        if (changed.issuer !== '') {
          if (!isIssuerAddress(changed.issuer)) badRequest(ISSUER_PROBLEM)
          c.warn(ISSUER_WARNING)
        }
        for (const sentence of await conflicts(c.view, changed.scopesSupported)) c.warn(sentence)
        providers.put(c.view, name, changed)
        return done()
      },
    })
    .delete({
      summary: 'Delete a provider.',
      operationId: 'oidc-delete-provider',
      replies: { 204: none },
      run: (c) => {
        const { name } = c.params
        if (name === DEFAULT_PROVIDER) badRequest(`deletion of OIDC provider "${name}" not allowed`)
        providers.delete(c.view, name)
        return done()
      },
    })

  return [list, provider]
}

async function shown(
  place: Place,
  named: { readonly name: string; readonly provider: Provider },
  ports: Ports,
): Promise<{ readonly [name: string]: JsonOut }> {
  return {
    allowed_client_ids: named.provider.allowedClientIds,
    issuer: await providerIssuer(place, named, ports),
    scopes_supported: named.provider.scopesSupported,
  }
}

/** Sentences about scopes that set the same claim. Throws for a scope that is not there. */
async function conflicts(view: ReadView, names: readonly string[]): Promise<readonly string[]> {
  const owners = new Map<string, string>()
  const sentences: string[] = []
  for (const name of names) {
    const scope = await scopes.get(view, name)
    if (scope === undefined) return badRequest(`scope "${name}" does not exist`)
    for (const claim of sampleClaims(scope.template).keys()) {
      const owner = owners.get(claim)
      if (owner !== undefined)
        sentences.push(
          `Found scope templates with conflicting top-level keys: conflict "${claim}" in scopes "${name}", "${owner}". ` +
            'This may result in an error if the scopes are requested in an OIDC Authentication Request.',
        )
      owners.set(claim, name)
    }
  }
  return sentences
}
