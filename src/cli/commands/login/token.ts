import type { Secret } from '../../client/secret.ts'
import { attempt } from '../../failure.ts'
import { parseBoolean } from '../../flags/flag.ts'
import { nullTree, tree } from '../../tree.ts'
import type { JsonEntries } from '../../tree.ts'
import type { LoginMethod } from './method.ts'

export const token: LoginMethod = {
  help: `Usage: coffer login TOKEN [lookup=<bool>]

  Logs in with a token that exists already, such as one from "coffer token create". "-" reads it from stdin.

      $ coffer login hvs.CAESI…
      $ coffer login - < token.txt

Configuration:

  lookup=<bool>
      Whether to ask the server about the token first. The default is true.

  token=<string>
      The token, asked for if it is not given.`,
  async login(client, input) {
    const lookup = wantsLookup(input.config.get('lookup'))
    const given = (input.config.get('token') ?? (await input.ask('Token (will be hidden): '))).trim()
    if (given === '') throw new Error('a token must be passed to auth, please view the help for more information')
    if (!lookup) return withAuth(new Map([['client_token', tree(given)]]))
    const path = 'auth/token/lookup-self'
    const secret = await attempt(
      'error looking up token',
      client.withToken(given).aside().send({ method: 'GET', path }),
    )
    if (secret?.data === undefined) throw new Error(`empty response from ${path}`)
    return withAuth(authOf(secret.data))
  },
}

function wantsLookup(text: string | undefined): boolean {
  try {
    return text === undefined || parseBoolean(text)
  } catch (error) {
    throw new Error('Failed to parse "lookup" as boolean', { cause: error })
  }
}

/** What a login would have answered, from what a lookup did. */
function authOf(data: JsonEntries): JsonEntries {
  const policies = listOf(data, 'policies')
  const identity = listOf(data, 'identity_policies')
  return new Map([
    ['client_token', data.get('id') ?? nullTree],
    ['accessor', data.get('accessor') ?? nullTree],
    ['policies', { kind: 'array', items: [...policies, ...identity] }],
    ['token_policies', { kind: 'array', items: policies }],
    ['identity_policies', identity.length === 0 ? nullTree : { kind: 'array', items: identity }],
    ['metadata', data.get('meta') ?? nullTree],
    ['lease_duration', data.get('ttl') ?? tree(0)],
    ['renewable', data.get('renewable') ?? tree(false)],
  ])
}

function listOf(data: JsonEntries, name: string): readonly (typeof nullTree)[] {
  const list = data.get(name)
  return list?.kind === 'array' ? list.items : []
}

function withAuth(entries: JsonEntries): Secret {
  return {
    requestId: '',
    leaseId: '',
    leaseDuration: 0,
    renewable: false,
    data: undefined,
    warnings: undefined,
    auth: { kind: 'object', entries },
    wrapInfo: undefined,
  }
}
