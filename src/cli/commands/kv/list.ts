import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { sanitizePath } from '../../paths.ts'
import { printListing } from '../shared/listing.ts'
import { mount, resolveTarget } from './target.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Lists the keys at a path. A key that ends in a slash has more below it.

      $ coffer kv list -mount=secret my-app
      $ coffer kv list secret`,
  output: ['format', 'detailed'],
  optionsTitle: 'Common Options',
  flags: { mount },
  async run(run) {
    if (run.args.length === 0 && run.flags.mount === '') throw usageFailure('Not enough arguments (expected 1, got 0)')
    run.expectArgs(0, 1, '1')
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.args[0] ?? ''))
    const path = target.path('metadata')
    return printListing(run.ui, await attempt(`Error listing ${path}`, client.list(path)), path)
  },
})
