import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import { printWritten } from '../shared/written.ts'
import { metadataFlags, metadataSettings } from './metadata-flags.ts'
import { resolveTarget } from './target.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Changes some of a key's settings and labels, and keeps the others.

      $ coffer kv metadata patch -mount=secret -max-versions=5 foo
      $ coffer kv metadata patch -mount=secret -custom-metadata=owner=db -remove-custom-metadata=tier foo`,
  output: ['format'],
  optionsTitle: 'Common Options',
  flags: {
    ...metadataFlags,
    'remove-custom-metadata': flag.list({ usage: 'Label to remove. May be given several times.' }),
  },
  async run(run) {
    run.expectArgs(1)
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
    if (!target.v2) throw usageFailure('Metadata not supported on KV Version 1')
    const path = target.path('metadata')
    const removed = run.flags['remove-custom-metadata'].map((label) => [label, null] as const)
    const body = {
      ...metadataSettings(run.flags),
      custom_metadata: new Map<string, string | null>([...run.flags['custom-metadata'], ...removed]),
    }
    const secret = await attempt(`Error writing data to ${path}`, client.patch(path, body))
    return printWritten(run.ui, secret, `Data written to: ${path}`)
  },
})
