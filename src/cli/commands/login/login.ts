import type { Client } from '../../client/client.ts'
import { tokenFile, writeTokenFile } from '../../client/token-file.ts'
import type { Secret } from '../../client/secret.ts'
import { defineCommand } from '../../command.ts'
import { attempt, CliFailure, failure, reasonOf, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { asStrings, parsePairs } from '../../input/pairs.ts'
import { askHidden } from '../../input/prompt.ts'
import { printSecret, printSecretField } from '../../output/print.ts'
import { wrap } from '../../output/wrap.ts'
import { sanitizePath } from '../../paths.ts'
import type { Run } from '../../run.ts'
import { isAbsent, member, plainText } from '../../tree.ts'
import type { LoginInput } from './method.ts'
import { loginMethods } from './methods.ts'
import { onlyFactor, showFactor, type OnlyFactor } from './second-factor.ts'

const flags = {
  method: flag.string({
    initial: 'token',
    usage: 'Type of the auth method, such as "userpass" or "approle". Where it is mounted is said by -path.',
  }),
  path: flag.string({ usage: 'Where the auth method is mounted, below auth/. Its type if not given.' }),
  'no-store': flag.bool({ usage: 'Do not keep the token for later commands, only print it.' }),
  'no-print': flag.bool({ usage: 'Do not print the token, only keep it.' }),
  'token-only': flag.bool({
    usage: 'Print the token and nothing else, and do not keep it. Short for -field=token -no-store.',
  }),
}

type LoginRun = Run<typeof flags>

export const command = defineCommand({
  usage: '[options] [AUTH K=V...]',
  help: `  Logs in, and keeps the token for the commands that follow, in ~/.vault-token. Unless -method says otherwise it takes a
  token, which is asked for if it is not given; "-" reads it from stdin.

      $ coffer login
      $ coffer login -method=userpass username=sally
      $ coffer login -method=userpass -path=people username=sally

  A log-in that has to show a second factor asks for its passcode, or waits for the answer to a push. Where several are
  to be shown, or with -non-interactive, it prints what "coffer write sys/mfa/validate" takes; -mfa shows them at once.

      $ coffer login -method=userpass -mfa=my_totp:123456 username=sally

  "coffer auth help TYPE" tells what a method takes. If the answer is wrapped (-wrap-ttl) the token is unwrapped at once, except
  with -token-only and -no-store, which print the wrapping token.`,
  output: ['field', 'format'],
  flags,
  async run(run) {
    const tokenOnly = run.flags['token-only']
    const store = !run.flags['no-store'] && !tokenOnly
    if (run.flags['no-store'] && run.flags['no-print'])
      throw usageFailure('-no-store and -no-print cannot be used together')
    const client = await run.client()
    const first = await authenticate(run, client)
    const factor = run.http['non-interactive'] || !run.io.isTty.stdin ? undefined : onlyFactor(first.auth)
    const answer = factor === undefined ? first : await validated(run, client, factor)
    if (!isAbsent(member(answer.auth, 'mfa_requirement'))) {
      run.ui.warn(
        `${wrap('The login needs to be validated by MFA: send another request to the sys/mfa/validate endpoint.')}\n`,
      )
      return printSecret(run.ui, answer)
    }
    if (answer.auth === undefined && !store) {
      return tokenOnly ? printSecretField(run.ui, answer, 'wrapping_token') : printSecret(run.ui, answer)
    }
    const secret = answer.auth === undefined ? await attempt('Error extracting token', opened(client, answer)) : answer
    return finish(run, secret, store)
  },
})

async function authenticate(run: LoginRun, client: Client): Promise<Secret> {
  const type = sanitizePath(run.flags.method) || 'token'
  const method = loginMethods.get(type)
  if (method === undefined) {
    throw usageFailure(
      wrap(
        `Unknown auth method: ${type}. This command knows ${[...loginMethods.keys()].join(', ')}. Others are reached by ` +
          '"coffer write auth/<path>/login".',
      ),
    )
  }
  const isBareToken = type === 'token' && run.args[0]?.includes('=') === false
  const args = isBareToken ? [`token=${run.arg(0)}`, ...run.args.slice(1)] : run.args
  const config = asStrings(
    await attempt(
      'Error parsing configuration',
      parsePairs(args, () => run.stdin()),
      1,
    ),
  )
  // A token from before says nothing about who logs in now.
  const asNobody = type === 'token' ? client : client.withToken('')
  const secret = await attempt('Error authenticating', method.login(asNobody, inputOf(run, config, type)))
  if (secret === undefined || (secret.auth === undefined && secret.wrapInfo === undefined)) {
    throw failure('Error extracting token: no auth or wrapping info in response')
  }
  return secret
}

async function validated(run: LoginRun, client: Client, factor: OnlyFactor): Promise<Secret> {
  const shown = showFactor(client.withToken(''), factor, {
    ask: (question) => askHidden(run.io, question),
    tell: (text) => run.ui.warn(`${wrap(text)}\n`),
  })
  const secret = await attempt('Error validating the second factor', shown)
  if (secret?.auth === undefined) throw failure('Error extracting token: no auth info in response')
  return secret
}

function inputOf(run: LoginRun, config: ReadonlyMap<string, string>, type: string): LoginInput {
  const { env } = run.io
  return {
    mount: sanitizePath(config.get('mount') || run.flags.path || type),
    config,
    env: (suffix) => run.env(suffix),
    systemUser: env['LOGNAME'] || env['USER'] || '',
    ask: async (question) => {
      if (run.http['non-interactive'])
        throw usageFailure('a secret is missing, and -non-interactive forbids to ask for it')
      return askHidden(run.io, question)
    },
  }
}

async function opened(client: Client, wrapped: Secret): Promise<Secret> {
  if (plainText(member(wrapped.wrapInfo, 'wrapped_accessor')) === '')
    throw new Error('wrapped response does not contain a token')
  const inner = client.aside().withToken(plainText(member(wrapped.wrapInfo, 'token')))
  const secret = await inner.send({ method: 'PUT', path: 'sys/wrapping/unwrap', body: null })
  if (secret?.auth === undefined) throw new Error('no auth info in the wrapped response')
  return secret
}

async function finish(run: LoginRun, secret: Secret, store: boolean): Promise<number> {
  if (store) await keep(run, secret)
  else if (!run.flags['token-only']) {
    run.ui.warn(
      `${wrap('The token was not stored. Set the VAULT_TOKEN environment variable or pass the token below with each request.')}\n`,
    )
  }
  if (run.flags['no-print']) return 0
  const field = run.flags['token-only'] ? 'token' : run.ui.field
  if (field !== '') return printSecretField(run.ui, secret, field)
  if (run.ui.isTable && store) {
    run.ui.print(
      `${wrap(
        'Success! You are now authenticated. The token information displayed below is already stored. You do NOT need to run ' +
          '"coffer login" again. Future requests will automatically use this token.',
      )}\n`,
    )
  }
  return printSecret(run.ui, secret)
}

async function keep(run: LoginRun, secret: Secret): Promise<void> {
  try {
    await writeTokenFile(tokenFile(run.io.home, run.env('TOKEN_PATH')), plainText(member(secret.auth, 'client_token')))
  } catch (error) {
    run.ui.error(`Error storing token: ${reasonOf(error)}`)
    await printSecret(run.ui, secret)
    throw new CliFailure('Authentication was successful, but the token was not stored. It is shown above.', 2)
  }
  if (run.env('TOKEN') !== undefined) {
    run.ui.warn(
      `${wrap(
        'WARNING! The VAULT_TOKEN or COFFER_TOKEN environment variable is set! It takes precedence over the stored token; if this ' +
          'is unwanted please unset it or update its value accordingly.',
      )}\n`,
    )
  }
}
