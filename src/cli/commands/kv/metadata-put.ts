import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { sanitizePath } from '../../paths.ts'
import { printWritten } from '../shared/written.ts'
import { metadataFlags, metadataSettings } from './metadata-flags.ts'
import { resolveTarget } from './target.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Sets how a key is kept. It can be done before the key has any data.

      $ coffer kv metadata put -mount=secret -max-versions=5 -delete-version-after=720h foo
      $ coffer kv metadata put -mount=secret -custom-metadata=owner=web -custom-metadata=tier=1 foo`,
  output: ['format'],
  optionsTitle: 'Common Options',
  flags: metadataFlags,
  async run(run) {
    run.expectArgs(1)
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
    if (!target.v2) throw usageFailure('Metadata not supported on KV Version 1')
    const path = target.path('metadata')
    const labels = run.flags['custom-metadata']
    const body = { ...metadataSettings(run.flags), custom_metadata: labels.size > 0 ? labels : undefined }
    const secret = await attempt(`Error writing data to ${path}`, client.write(path, body))
    return printWritten(run.ui, secret, `Data written to: ${path}`)
  },
})
