import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { printAnswer } from '../shared/answer.ts'

export const command = defineCommand({
  usage: '[options] [TOKEN]',
  help: `  Makes a token live longer, counted from now. Without an argument it is the current one.

      $ coffer token renew
      $ coffer token renew -increment=30m hvs.CAESI…`,
  output: ['format'],
  flags: {
    accessor: flag.bool({ usage: 'The argument is an accessor. The output then has no token in it.' }),
    increment: flag.duration({
      aliases: ['i'],
      usage:
        'How long the token should live from now on. The server may give less, and gives periodic tokens their period.',
    }),
  },
  async run(run) {
    run.expectArgs(0, 1, '1')
    const given = run.args[0]?.trim() ?? ''
    const increment = Math.max(0, Math.trunc(run.flags.increment))
    const request =
      given === ''
        ? ({ method: 'PUT', path: 'auth/token/renew-self', body: { increment } } as const)
        : run.flags.accessor
          ? ({ method: 'POST', path: 'auth/token/renew-accessor', body: { accessor: given, increment } } as const)
          : ({ method: 'PUT', path: 'auth/token/renew', body: { token: given, increment } } as const)
    return printAnswer(run.ui, await attempt('Error renewing token', (await run.client()).send(request)))
  },
})
