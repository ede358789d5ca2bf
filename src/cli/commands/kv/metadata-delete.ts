import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { sanitizePath } from '../../paths.ts'
import { mount, resolveTarget } from './target.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Removes a key for good, with all of its versions.

      $ coffer kv metadata delete -mount=secret foo`,
  optionsTitle: 'Common Options',
  flags: { mount },
  async run(run) {
    run.expectArgs(1)
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
    if (!target.v2) throw usageFailure('Metadata not supported on KV Version 1')
    const path = target.path('metadata')
    await attempt(`Error deleting ${path}`, client.delete(path))
    run.ui.print(`Success! Data deleted (if it existed) at: ${path}`)
    return 0
  },
})
