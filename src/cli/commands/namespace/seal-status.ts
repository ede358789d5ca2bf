import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath } from '../../paths.ts'
import { tree } from '../../tree.ts'
import { printNamespaceSeal } from '../shared/seal-status.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Tells whether a namespace that has a seal of its own is sealed, and how far an unsealing has come.

      $ coffer namespace seal-status team-a
      $ coffer namespace seal-status -namespace=team-a dev`,
  output: ['format'],
  async run(run) {
    run.expectArgs(1)
    const path = `sys/namespaces/${sanitizePath(run.arg(0))}/seal-status`
    const secret = await attempt('Error reading seal status', (await run.client()).read(path))
    return printNamespaceSeal(run.ui, tree(secret?.data ?? new Map()))
  },
})
