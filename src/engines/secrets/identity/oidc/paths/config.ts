import { badRequest, definePath, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import { isIssuerAddress, ISSUER_PROBLEM, ISSUER_WARNING, usualAddress } from '../issuer.ts'
import type { OidcPorts } from '../ports.ts'
import { issuers } from '../store.ts'

const fields = {
  issuer: f
    .string('Address (scheme, host and port) in the `iss` of identity tokens. If empty: the `api_addr` of the leader.')
    .optional(),
}
const config = replySchema('How identity tokens are issued.', fields)

export function configPaths(ports: Pick<OidcPorts, 'apiAddress'>): readonly PathDefinition[] {
  return [
    definePath('oidc/config', { help: 'How identity tokens are issued.', params: {} })
      .read({
        summary: 'Read the configuration of identity tokens.',
        operationId: 'oidc-read-configuration',
        replies: { 200: config },
        run: async (c) => {
          const issuer = await issuers.get(c.view)
          if (issuer === '' && (await usualAddress(c.view, ports)) === '')
            c.warn(
              'Both "issuer" and Vault\'s "api_addr" are empty. The issuer claim in generated tokens will not be network reachable.',
            )
          return ok(config, { issuer })
        },
      })
      .write({
        summary: 'Configure identity tokens.',
        operationId: 'oidc-configure',
        fields,
        replies: { 204: none, 200: replySchema('Stored, with a warning.', {}) },
        run: (c) => {
          const { issuer } = c.in
          if (issuer === undefined) return done()
          if (issuer !== '' && !isIssuerAddress(issuer)) badRequest(ISSUER_PROBLEM)
          issuers.put(c.view, issuer)
          if (issuer !== '') c.warn(ISSUER_WARNING)
          return done()
        },
      }),
  ]
}
