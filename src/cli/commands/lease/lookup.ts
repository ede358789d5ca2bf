import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { printAnswer } from '../shared/answer.ts'

export const command = defineCommand({
  usage: '[options] ID',
  help: `  Tells when a lease was given, when it ends, and whether it can be renewed.

      $ coffer lease lookup database/creds/readonly/2f6a614c`,
  output: ['format'],
  async run(run) {
    if (run.args.length === 0) throw usageFailure('Missing ID!')
    run.expectArgs(1)
    const id = run.arg(0).trim()
    const answer = (await run.client()).write('sys/leases/lookup', { lease_id: id })
    return printAnswer(run.ui, await attempt(`error looking up lease id ${id}`, answer))
  },
})
