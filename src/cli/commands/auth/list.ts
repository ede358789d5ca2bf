import { defineCommand } from '../../command.ts'
import { column, detailedColumns, listMounts, pathColumn, tokenType } from '../shared/mount-table.ts'

const simple = [
  pathColumn,
  column('Type', 'type'),
  column('Accessor', 'accessor'),
  column('Description', 'description'),
  column('Version', 'plugin_version'),
]

export const command = defineCommand({
  usage: '[options]',
  help: `  Lists the auth methods. With -detailed also how they are configured; a TTL of "system" is the server's own.

      $ coffer auth list -detailed`,
  output: ['format', 'detailed'],
  run: (run) =>
    listMounts(
      run,
      { path: 'sys/auth', what: 'enabled authentications' },
      { simple, detailed: detailedColumns(tokenType) },
    ),
})
