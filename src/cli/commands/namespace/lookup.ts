import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { printSecret } from '../../output/print.ts'
import { sanitizePath } from '../../paths.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Shows a namespace directly below the one of -namespace or VAULT_NAMESPACE.

      $ coffer namespace lookup team-a
      $ coffer namespace lookup -namespace=team-a dev`,
  output: ['format'],
  async run(run) {
    run.expectArgs(1)
    const path = `sys/namespaces/${sanitizePath(run.arg(0))}`
    const secret = await attempt('Error looking up namespace', (await run.client()).read(path))
    if (secret !== undefined) return printSecret(run.ui, secret)
    run.ui.error('Namespace not found')
    return 2
  },
})
