import { defineCommand } from '../../command.ts'
import { flag } from '../../flags/flag.ts'
import { mount } from './target.ts'
import { writeVersions } from './versions.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Brings back the data of deleted versions, as long as they were not destroyed.

      $ coffer kv undelete -mount=secret -versions=3 foo`,
  output: ['format'],
  optionsTitle: 'Common Options',
  flags: { mount, versions: flag.list({ usage: 'Versions to undelete, separated by commas.' }) },
  run: (run) => writeVersions(run, 'undelete'),
})
