import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import { printWritten } from '../shared/written.ts'
import { mount, resolveTarget, versionList } from './target.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Deletes the data of a key. In an engine of version 2 the current version, or those named, are marked as deleted and can be
  undeleted. "coffer kv metadata delete" removes a key for good.

      $ coffer kv delete -mount=secret foo
      $ coffer kv delete -mount=secret -versions=3 foo`,
  output: ['field', 'format'],
  optionsTitle: 'Common Options',
  flags: { mount, versions: flag.list({ usage: 'Versions to delete, separated by commas.' }) },
  async run(run) {
    run.expectArgs(1)
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
    const versions = versionList(run.flags.versions)
    const path = target.path('data')
    const request =
      target.v2 && versions.length > 0 ? client.write(target.path('delete'), { versions }) : client.delete(path)
    const secret = await attempt(`Error deleting ${path}`, request)
    return printWritten(run.ui, secret, `Data deleted (if it existed) at: ${path}`)
  },
})
