import {
  definePath,
  f,
  replySchema,
  type CallContext,
  type PathDefinition,
  type Reply,
  type WriteView,
} from '#framework'
import type { RenewalRule, TokenDetails } from '../../../../request/token-ports.ts'
import { tokenPathErrors } from '../errors.ts'
import type { TokenEnginePorts } from '../ports.ts'
import { authReply } from '../replies.ts'
import { roles } from '../roles.ts'
import { within } from '../within.ts'
import { tokenOfAccessor } from './lookup.ts'

type Call = CallContext & { readonly view: WriteView }

const replies = { 200: replySchema('The token with its new end, in the member `auth`.', {}) }
const increment = f.duration('How much longer it is wanted; as at its last renewal if absent.').default(0)

export function renewPaths(ports: TokenEnginePorts): readonly PathDefinition[] {
  return [
    definePath('renew', { help: 'Prolong a token.', params: {} }).write({
      summary: 'Renew a token.',
      fields: { token: f.string('The token.').default('').sensitive(), increment },
      replies,
      run: async (c) => {
        const { token } = c.in
        if (token === '') throw tokenPathErrors.MISSING_TOKEN()
        return renew(ports, c, token, within(ports, c, await ports.tokens().find(c.view, token), token), c.in.increment)
      },
    }),
    definePath('renew-self', {
      help: 'Prolong the caller’s token.',
      params: {},
      flags: { ofOwnToken: true },
    }).write({
      summary: 'Renew the caller’s token.',
      fields: { increment },
      replies,
      run: async (c) => {
        const token = c.caller?.token ?? ''
        return renew(ports, c, token, within(ports, c, await ports.tokens().find(c.view, token), token), c.in.increment)
      },
    }),
    definePath('renew-accessor', { help: 'Prolong the token that an accessor stands for.', params: {} }).write({
      summary: 'Renew a token by its accessor.',
      fields: { accessor: f.string('Accessor of the token.').default(''), increment },
      replies,
      run: async (c) => renew(ports, c, '', await tokenOfAccessor(ports, c, c.in.accessor), c.in.increment),
    }),
  ]
}

async function renew(
  ports: TokenEnginePorts,
  c: Call,
  id: string,
  token: TokenDetails | undefined,
  seconds: number,
): Promise<Reply> {
  // A token in its last use is about to go.
  if (token === undefined || token.numUses < 0) throw tokenPathErrors.NOT_FOUND()
  if (token.type === 'batch') throw tokenPathErrors.BATCH_RENEW()
  const renewed = await ports.tokens().renew(c.view, token, seconds, (found) => ruleOf(c, found))
  const { accessor, policies, meta, entityId, type, orphan, numUses, namespaceId } = renewed.token
  const facts = {
    token: id,
    accessor,
    policies,
    meta,
    ttl: renewed.ttl,
    renewable: true,
    entityId,
    type,
    orphan,
    numUses,
    namespaceId,
  }
  return authReply(ports, c.view, facts, renewed.warnings)
}

/** A role's rules are those of now; what the token was given of its own holds besides. */
async function ruleOf(c: Call, token: TokenDetails): Promise<RenewalRule> {
  const { limits } = c
  if (token.role === '') return { period: token.period, explicitMaxTtl: token.explicitMaxTtl, limits }
  const role = await roles.get(c.view, { namespace: token.namespaceId, name: token.role })
  if (role === undefined) throw tokenPathErrors.ROLE_GONE({ name: token.role })
  const maxima = [token.explicitMaxTtl, role.token_explicit_max_ttl].filter((max) => max > 0)
  return { period: role.token_period, explicitMaxTtl: maxima.length === 0 ? 0 : Math.min(...maxima), limits }
}
