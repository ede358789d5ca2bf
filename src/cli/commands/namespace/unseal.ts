import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import { tree } from '../../tree.ts'
import { printNamespaceSeal } from '../shared/seal-status.ts'
import { unsealKey } from '../shared/unseal-key.ts'

export const command = defineCommand({
  usage: '[options] PATH [KEY]',
  help: `  Gives the server one share of the unseal key of a namespace. Once it has as many as its threshold the namespace is open.
  Without a KEY the share is asked for and not shown; "-" reads it from stdin. A share on the command line ends up in the
  shell's history.

      $ coffer namespace unseal team-a
      Unseal Key (will be hidden):`,
  output: ['format'],
  flags: { reset: flag.bool({ usage: 'Forget the shares given so far.' }) },
  async run(run) {
    run.expectArgs(1, 2, '1-2')
    const client = await run.client()
    const path = `sys/namespaces/${sanitizePath(run.arg(0))}/unseal`
    if (run.flags.reset) {
      const reset = await attempt('Error resetting unseal process', client.write(path, { reset: true }))
      return printNamespaceSeal(run.ui, tree(reset?.data ?? new Map()))
    }
    const key = await unsealKey({
      argument: run.args[1],
      mayNotAsk: run.http['non-interactive'],
      stdin: () => run.stdin(),
      io: run.io,
    })
    const status = await attempt('Error unsealing', client.write(path, { key }))
    return printNamespaceSeal(run.ui, tree(status?.data ?? new Map()))
  },
})
