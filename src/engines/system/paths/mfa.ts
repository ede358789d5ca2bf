import { definePath, f, membersOf, replySchema, type PathDefinition, type RawJson } from '#framework'
import { mfaErrors } from '../../../errors/mfa.ts'
import type { FactorsShown, SecondFactors } from '../../../request/mfa-ports.ts'
import type { TokenPort } from '../../../request/ports.ts'

export interface MfaPathPorts {
  /** Asked for at each request: both exist only while the server is active. */
  factors(namespaceId: string): SecondFactors
  tokens(): Pick<TokenPort, 'create'>
}

const loginReply = replySchema('The token of the log-in, in the member `auth`.', {})

export function mfaValidatePaths(ports: MfaPathPorts): readonly PathDefinition[] {
  return [
    definePath('mfa/validate', {
      help: 'Ends a log-in that has to show second factors.',
      description:
        'A log-in that has to show factors answers with `auth.mfa_requirement` in place of a token. Whoever began it shows them here, ' +
        'within five minutes and from the same address, and gets the token. What was wrong can be tried again.',
      params: {},
      flags: { login: true },
    }).write({
      summary: 'Show the second factors of a log-in.',
      operationId: 'mfa-validate',
      fields: {
        mfa_request_id: f
          .string('What names the log-in: `auth.mfa_requirement.mfa_request_id` of its answer.')
          .default('')
          .sensitive(),
        mfa_payload: f
          .json(
            'Ids or names of methods, each with a list: of the passcode, or of nothing where the method needs none.',
          )
          .optional()
          .sensitive(),
      },
      replies: { 200: loginReply },
      prepare: (c) => {
        const { mfa_request_id: requestId, mfa_payload: payload } = c.in
        if (requestId === '') throw mfaErrors.NO_REQUEST_ID()
        return ports.factors(c.request.namespace.id).meet({
          requestId,
          shown: payload === undefined ? new Map() : shownIn(payload),
          remoteAddress: c.request.remoteAddress,
          namespaceId: c.request.namespace.id,
          signal: c.request.signal(),
        })
      },
      run: async (c, met) => {
        await ports.factors(c.request.namespace.id).take(c.view, met)
        const auth = await ports.tokens().create(c.view, met.grant, met.context)
        return { auth, warnings: auth.warnings }
      },
    }),
  ]
}

const list = f.list()
const object = f.map()

/** Also from a text that is JSON, as a command line sends it. Throws `MFA_BAD_PAYLOAD`. */
function shownIn(payload: RawJson): FactorsShown {
  const value = payload.value()
  const members = object.tryParse(typeof value === 'string' ? value : payload)
  if (members === undefined) throw mfaErrors.BAD_PAYLOAD()
  const shown = new Map<string, readonly string[]>()
  for (const [name, said] of membersOf(members) ?? []) {
    const texts = said.kind === 'null' ? [] : said.kind === 'array' ? list.tryParse(said) : undefined
    if (texts === undefined) throw mfaErrors.BAD_PAYLOAD()
    shown.set(name, texts)
  }
  return shown
}
