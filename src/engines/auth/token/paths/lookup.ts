import { definePath, f, type CallContext, type PathDefinition, type ReadView, type Reply } from '#framework'
import type { TokenDetails } from '../../../../request/token-ports.ts'
import { tokenPathErrors } from '../errors.ts'
import type { TokenEnginePorts } from '../ports.ts'
import { identityPoliciesOf, shown, tokenReply } from '../replies.ts'
import { namespaceOf, within } from '../within.ts'

type Call = CallContext & { readonly view: ReadView }

const replies = { 200: tokenReply }
const tokenField = f.string('The token to look up; the caller’s own if absent.').default('').sensitive()

export function lookupPaths(ports: TokenEnginePorts): readonly PathDefinition[] {
  const byToken = async (c: Call, token: string): Promise<Reply> => {
    const id = token === '' ? (c.caller?.token ?? '') : token
    return show(ports, c, id, within(ports, c, await ports.tokens().find(c.view, id), id))
  }
  const summary = 'Look up a token.'
  const self = 'Look up the caller’s token.'
  return [
    definePath('lookup', { help: 'What is known of a token.', params: {}, flags: { place: 'anywhere' } })
      .read({ summary, fields: { token: tokenField }, replies, run: (c) => byToken(c, c.in.token) })
      .compute({ summary, fields: { token: tokenField }, replies, run: (c) => byToken(c, c.in.token) }),
    definePath('lookup-self', {
      help: 'What is known of the caller’s token.',
      params: {},
      flags: { place: 'anywhere', ofOwnToken: true },
    })
      .read({ summary: self, replies, run: (c) => byToken(c, '') })
      .compute({ summary: self, replies, run: (c) => byToken(c, '') }),
    definePath('lookup-accessor', {
      help: 'What is known of the token that an accessor stands for.',
      params: {},
      flags: { place: 'anywhere' },
    }).compute({
      summary: 'Look up a token by its accessor.',
      fields: { accessor: f.string('Accessor of the token.').default('') },
      replies,
      run: async (c) => show(ports, c, '', await tokenOfAccessor(ports, c, c.in.accessor)),
    }),
  ]
}

/** Never the token itself: an accessor must not become one. */
export async function tokenOfAccessor(ports: TokenEnginePorts, c: Call, accessor: string): Promise<TokenDetails> {
  if (accessor === '') throw tokenPathErrors.MISSING_ACCESSOR()
  const token = await ports.tokens().findByAccessor(c.view, accessor, c.request.namespace.id)
  if (token === undefined) throw tokenPathErrors.INVALID_ACCESSOR()
  return token
}

async function show(ports: TokenEnginePorts, c: Call, id: string, token: TokenDetails | undefined): Promise<Reply> {
  if (token === undefined) throw tokenPathErrors.BAD_TOKEN()
  const identityPolicies = await identityPoliciesOf(ports, c.view, token)
  return shown(token, { id, now: c.clock.now(), namespace: namespaceOf(ports, token.namespaceId), identityPolicies })
}
