import { defineCommand } from '../../command.ts'
import { column, detailedColumns, forceNoCache, listMounts, pathColumn } from '../shared/mount-table.ts'

const simple = [
  pathColumn,
  column('Type', 'type'),
  column('Accessor', 'accessor'),
  column('Description', 'description'),
]

export const command = defineCommand({
  usage: '[options]',
  help: `  Lists the secrets engines. With -detailed also how they are configured; a TTL of "system" is the server's own.

      $ coffer secrets list -detailed`,
  output: ['format', 'detailed'],
  run: (run) =>
    listMounts(
      run,
      { path: 'sys/mounts', what: 'secrets engines' },
      { simple, detailed: detailedColumns(forceNoCache) },
    ),
})
