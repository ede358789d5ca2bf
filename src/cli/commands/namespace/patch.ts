import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import { printWritten } from '../shared/written.ts'
import { customMetadata } from './metadata.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Changes some of a namespace's labels, and keeps the others.

      $ coffer namespace patch -custom-metadata=owner=db -remove-custom-metadata=tier team-a`,
  output: ['format', 'field'],
  flags: {
    'custom-metadata': customMetadata,
    'remove-custom-metadata': flag.list({ usage: 'Label to remove. May be given several times.' }),
  },
  async run(run) {
    run.expectArgs(1)
    const path = `sys/namespaces/${sanitizePath(run.arg(0))}`
    const removed = run.flags['remove-custom-metadata'].map((label) => [label, null] as const)
    const metadata = new Map<string, string | null>([...run.flags['custom-metadata'], ...removed])
    const patched = (await run.client()).patch(path, { custom_metadata: metadata })
    return printWritten(run.ui, await attempt('Error patching namespace', patched), `Namespace patched: ${path}`)
  },
})
