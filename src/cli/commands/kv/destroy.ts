import { defineCommand } from '../../command.ts'
import { flag } from '../../flags/flag.ts'
import { mount } from './target.ts'
import { writeVersions } from './versions.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Destroys the data of the versions named. It cannot come back.

      $ coffer kv destroy -mount=secret -versions=3 foo`,
  output: ['format'],
  optionsTitle: 'Common Options',
  flags: { mount, versions: flag.list({ usage: 'Versions to destroy, separated by commas.' }) },
  run: (run) => writeVersions(run, 'destroy'),
})
