import { definePath, f, replySchema, type PathDefinition, type RawJson, type Reply, type WriteView } from '#framework'
import type { CallContext, Infer } from '#framework'
import { base62 } from '../../../../../lib/secure/random.ts'
import { authorize, Refused } from '../authorize.ts'
import type { OidcPorts } from '../ports.ts'
import { errorReply, errorSchema, jsonReply } from '../replies.ts'
import { codes } from '../store.ts'

const fields = {
  client_id: f.string('Id of the client.').default(''),
  scope: f.string('Scopes with blanks between; `openid` is one of them.').default(''),
  redirect_uri: f.string('Where the client wants the code sent.').default(''),
  response_type: f.string('`code`.').default(''),
  state: f.string('Comes back with the code.').default(''),
  nonce: f.string('Stands in the ID token.').default(''),
  max_age: f.int('Seconds since the log-in, at most.').optional(),
  code_challenge: f.string('Proof that will be demanded of whoever redeems the code (PKCE).').optional(),
  code_challenge_method: f.string('`S256`, or `plain` if not given.').default('plain'),
}

const codeReply = replySchema(
  'The code, for the client.',
  { code: f.string('To be redeemed once, within five minutes.').sensitive(), state: f.string('As it was sent.') },
  { contentType: 'application/json' },
)

const CODE_LENGTH = 32

interface Call extends CallContext {
  readonly params: { readonly name: string }
  readonly in: Infer<typeof fields>
  readonly given: ReadonlyMap<string, RawJson | string>
  readonly view: WriteView
}

export function authorizePaths(ports: Pick<OidcPorts, 'identity'>): readonly PathDefinition[] {
  const run = async (c: Call): Promise<Reply> => {
    const { state } = c.in
    try {
      const content = await authorize(
        {
          view: c.view,
          provider: c.params.name,
          in: c.in,
          has: (parameter) => c.given.has(parameter),
          caller: c.caller,
          now: c.clock.now(),
        },
        ports,
      )
      const code = base62(CODE_LENGTH)
      codes.put(c.view, code, content)
      return jsonReply(200, { code, state })
    } catch (error) {
      if (error instanceof Refused) return errorReply(400, error.code, error.message, { state })
      throw error
    }
  }
  const replies = { 200: codeReply, 400: errorSchema }
  return [
    definePath('oidc/provider/{name}/authorize', {
      help: 'The authorization endpoint of a provider.',
      description:
        'Whoever has a token with an entity gets a code for a client. The page that a browser is sent to asks here, and sends the code on to the client.',
      params: { name: f.name('Name of the provider.') },
    })
      .readWriting({
        summary: 'Get an authorization code.',
        operationId: 'oidc-provider-authorize',
        fields,
        replies,
        run,
      })
      .write({
        summary: 'Get an authorization code, with the parameters in the body.',
        operationId: 'oidc-provider-authorize-with-parameters',
        fields,
        replies,
        run,
      }),
  ]
}
