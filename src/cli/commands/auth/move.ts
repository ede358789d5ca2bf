import { defineCommand } from '../../command.ts'
import { move } from '../shared/move.ts'

export const command = defineCommand({
  usage: '[options] SOURCE DESTINATION',
  help: `  Moves an auth method to another path. Its configuration stays; the tokens it gave out are revoked.

      $ coffer auth move auth/userpass/ auth/people/`,
  run: (run) => move(run, 'auth method'),
})
