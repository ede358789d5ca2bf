import { currentToken } from '../client/open.ts'
import { defineCommand } from '../command.ts'

export const command = defineCommand({
  usage: '',
  help: `  Prints the token that commands use: that of the environment, or else the one that "coffer login" stored.

      $ curl -H "X-Vault-Token: $(coffer print token)" …`,
  bare: true,
  async run(run) {
    run.ui.print(currentToken(run.io))
    return 0
  },
})
