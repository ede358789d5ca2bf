import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { askHidden } from '../../input/prompt.ts'
import { printSealStatus } from '../shared/seal-status.ts'

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
    const key = await share(
      run.args[0],
      run.http['non-interactive'],
      () => run.stdin(),
      () => askHidden(run.io, 'Unseal Key (will be hidden): '),
    )
    const request = {
      method: 'PUT',
      path: 'sys/unseal',
      body: { key: key.trim(), reset: false, migrate: run.flags.migrate },
    } as const
    return printSealStatus(run.ui, client, await attempt('Error unsealing', client.json(request)))
  },
})

async function share(
  given: string | undefined,
  mayNotAsk: boolean,
  stdin: () => Promise<string>,
  ask: () => Promise<string>,
): Promise<string> {
  if (given === '-') return stdin()
  if (given !== undefined) return given
  if (mayNotAsk)
    throw usageFailure('Not asking for the unseal key, because of -non-interactive: give it as the argument')
  return attempt('An error occurred attempting to ask for an unseal key', ask(), 1)
}
