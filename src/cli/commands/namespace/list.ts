import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { printListing } from '../shared/listing.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Lists the namespaces directly below the one of -namespace or VAULT_NAMESPACE.

      $ coffer namespace list
      $ coffer namespace list -namespace=team-a -detailed`,
  output: ['format', 'detailed'],
  async run(run) {
    run.expectArgs(0)
    const secret = await attempt('Error listing namespaces', (await run.client()).list('sys/namespaces', []))
    if (secret === undefined && run.ui.isTable) {
      run.ui.error('No namespaces found')
      return 2
    }
    return printListing(run.ui, secret, 'sys/namespaces')
  },
})
