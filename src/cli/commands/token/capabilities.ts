import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { printData } from '../../output/print.ts'
import { byCodePoint } from '../../output/go-text.ts'
import { stringsOf, tree } from '../../tree.ts'

export const command = defineCommand({
  usage: '[options] [TOKEN] PATH',
  help: `  Prints what a token may do on a path. Without a TOKEN it is the current one.

      $ coffer token capabilities cubbyhole/foo
      $ coffer token capabilities hvs.CAESI… database/creds/readonly`,
  output: ['format'],
  async run(run) {
    run.expectArgs(1, 2)
    const path = run.args.length === 2 ? run.arg(1) : run.arg(0)
    const client = await run.client()
    const token = run.args.length === 2 ? run.arg(0) : client.token
    const api = token === client.token ? 'sys/capabilities-self' : 'sys/capabilities'
    const answer = await attempt(
      'Error listing capabilities',
      client.send({ method: 'POST', path: api, body: { token, path } }),
    )
    const capabilities = stringsOf(answer?.data?.get(path)) ?? stringsOf(answer?.data?.get('capabilities'))
    if (capabilities === undefined) throw usageFailure('No capabilities found')
    if (!run.ui.isTable) return printData(run.ui, tree(capabilities))
    run.ui.print(capabilities.toSorted(byCodePoint).join(', '))
    return 0
  },
})
