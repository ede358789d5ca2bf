import type { ClientRequest } from '../../client/client.ts'
import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import type { Values } from '../../flags/flag.ts'

const flags = {
  accessor: flag.bool({ usage: 'The argument is an accessor.' }),
  self: flag.bool({ usage: 'Revoke the current token.' }),
  mode: flag.string({
    usage:
      'What to revoke: the token with all of its children if this is not given, "orphan" for the token alone, "path" for all ' +
      'tokens that an auth method at the path gave out.',
  }),
}

export const command = defineCommand({
  usage: '[options] [TOKEN | ACCESSOR | PATH]',
  help: `  Ends a token and all its children, and the leases they were given.

      $ coffer token revoke hvs.CAESI…
      $ coffer token revoke -accessor 9793c9b3-e04a-46f3-e7b8-748d7da248da
      $ coffer token revoke -self
      $ coffer token revoke -mode=path auth/userpass`,
  flags,
  async run(run) {
    check(run.args, run.flags)
    const request = requestOf(run.args[0]?.trim() ?? '', run.flags)
    await attempt('Error revoking token', (await run.client()).send(request))
    run.ui.print('Success! Revoked token (if it existed)')
    return 0
  },
})

function check(args: readonly string[], { accessor, self, mode }: Values<typeof flags>): void {
  const got = args.length
  if (!['', 'orphan', 'path'].includes(mode))
    throw usageFailure(`Invalid mode: ${mode}. It is one of "orphan" and "path"`)
  if (self && got > 0) throw usageFailure(`Too many arguments with -self (expected 0, got ${got})`)
  if (!self && got > 1) throw usageFailure(`Too many arguments (expected 1 or -self, got ${got})`)
  if (!self && got < 1) throw usageFailure(`Not enough arguments (expected 1 or -self, got ${got})`)
  if (self && accessor) throw usageFailure('Cannot use -self with -accessor!')
  if (self && mode !== '') throw usageFailure('Cannot use -self with -mode!')
  if (accessor && mode !== '') throw usageFailure(`Cannot use -accessor with -mode=${mode}!`)
}

function requestOf(given: string, { accessor, self, mode }: Values<typeof flags>): ClientRequest {
  if (self) return { method: 'PUT', path: 'auth/token/revoke-self' }
  if (accessor) return { method: 'POST', path: 'auth/token/revoke-accessor', body: { accessor: given } }
  if (mode === 'path') return { method: 'PUT', path: `sys/leases/revoke-prefix/${given}` }
  return {
    method: 'PUT',
    path: mode === 'orphan' ? 'auth/token/revoke-orphan' : 'auth/token/revoke',
    body: { token: given },
  }
}
