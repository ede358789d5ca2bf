import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { printAnswer } from '../shared/answer.ts'

export const command = defineCommand({
  usage: '[options] [TOKEN | ACCESSOR]',
  help: `  Tells what is known of a token. Without an argument it is the current one.

      $ coffer token lookup
      $ coffer token lookup hvs.CAESI…
      $ coffer token lookup -accessor 9793c9b3-e04a-46f3-e7b8-748d7da248da`,
  output: ['format'],
  flags: { accessor: flag.bool({ usage: 'The argument is an accessor. The output then has no token in it.' }) },
  async run(run) {
    const { args, flags } = run
    if (flags.accessor && args.length < 1)
      throw usageFailure(`Not enough arguments with -accessor (expected 1, got ${args.length})`)
    if (flags.accessor && args.length > 1)
      throw usageFailure(`Too many arguments with -accessor (expected 1, got ${args.length})`)
    run.expectArgs(0, 1)
    const client = await run.client()
    const given = args[0]?.trim() ?? ''
    const request = flags.accessor
      ? ({ method: 'POST', path: 'auth/token/lookup-accessor', body: { accessor: given } } as const)
      : given === ''
        ? ({ method: 'GET', path: 'auth/token/lookup-self' } as const)
        : ({ method: 'POST', path: 'auth/token/lookup', body: { token: given } } as const)
    return printAnswer(run.ui, await attempt('Error looking up token', client.send(request)))
  },
})
