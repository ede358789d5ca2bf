import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath } from '../../paths.ts'
import { printWritten } from '../shared/written.ts'
import { customMetadata } from './metadata.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Creates a namespace directly below the one of -namespace or VAULT_NAMESPACE.

      $ coffer namespace create team-a
      $ coffer namespace create -namespace=team-a -custom-metadata=owner=ops dev`,
  output: ['format', 'field'],
  flags: { 'custom-metadata': customMetadata },
  async run(run) {
    run.expectArgs(1)
    const path = `sys/namespaces/${sanitizePath(run.arg(0))}`
    const body = { custom_metadata: new Map(run.flags['custom-metadata']) }
    const secret = await attempt('Error creating namespace', (await run.client()).write(path, body))
    return printWritten(run.ui, secret, `Namespace created at: ${sanitizePath(run.arg(0))}/`)
  },
})
