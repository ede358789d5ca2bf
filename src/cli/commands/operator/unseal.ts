import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { printSealStatus } from '../shared/seal-status.ts'
import { unsealKey } from '../shared/unseal-key.ts'

export const command = defineCommand({
  usage: '[options] [KEY]',
  help: `  Gives the server one share of the unseal key. Once it has as many as its threshold it unseals. Without a KEY the share is
  asked for and not shown; "-" reads it from stdin. A share on the command line ends up in the shell's history.

      $ coffer operator unseal
      Unseal Key (will be hidden):`,
  output: ['format'],
  flags: {
    reset: flag.bool({ usage: 'Forget the shares given so far.' }),
    migrate: flag.bool({ usage: 'The share is given in order to move to another seal.' }),
  },
  async run(run) {
    run.expectArgs(0, 1, '1')
    const client = (await run.client()).withSettings({ namespace: '' })
    if (run.flags.reset) {
      const reset = { method: 'PUT', path: 'sys/unseal', body: { reset: true } } as const
      return printSealStatus(run.ui, client, await attempt('Error resetting unseal process', client.json(reset)))
    }
    const key = await unsealKey({
      argument: run.args[0],
      mayNotAsk: run.http['non-interactive'],
      stdin: () => run.stdin(),
      io: run.io,
    })
    const request = {
      method: 'PUT',
      path: 'sys/unseal',
      body: { key, reset: false, migrate: run.flags.migrate },
    } as const
    return printSealStatus(run.ui, client, await attempt('Error unsealing', client.json(request)))
  },
})
