import { defineCommand } from '../../command.ts'
import { move } from '../shared/move.ts'

export const command = defineCommand({
  usage: '[options] SOURCE DESTINATION',
  help: `  Moves a secrets engine to another path. Its data and configuration stay; its leases are revoked.

      $ coffer secrets move apps/ team/apps/`,
  run: (run) => move(run, 'secrets engine'),
})
