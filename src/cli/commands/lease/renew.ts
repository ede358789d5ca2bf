import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { printAnswer } from '../shared/answer.ts'

export const command = defineCommand({
  usage: '[options] ID',
  help: `  Makes a lease last longer, counted from now. The server may give less than what is asked for.

      $ coffer lease renew database/creds/readonly/2f6a614c
      $ coffer lease renew -increment=1h database/creds/readonly/2f6a614c`,
  output: ['format'],
  flags: { increment: flag.duration({ usage: 'How long the lease should last from now on.' }) },
  async run(run) {
    if (run.args.length === 0) throw usageFailure('Missing ID!')
    run.expectArgs(1)
    const id = run.arg(0).trim()
    const body = { increment: Math.max(0, Math.trunc(run.flags.increment)), lease_id: id }
    return printAnswer(
      run.ui,
      await attempt(`Error renewing ${id}`, (await run.client()).write('sys/leases/renew', body)),
    )
  },
})
