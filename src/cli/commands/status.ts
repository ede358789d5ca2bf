import { defineCommand } from '../command.ts'
import { attempt } from '../failure.ts'
import { booleanOf, member } from '../tree.ts'
import { printSealStatus } from './shared/seal-status.ts'

const isSealed = 2

export const command = defineCommand({
  usage: '[options]',
  help: `  Prints whether the server is initialized and sealed, and which node is active. Works while it is sealed.

  The exit code tells too:

      - 0 - unsealed
      - 1 - error
      - 2 - sealed`,
  output: ['format'],
  async run(run) {
    run.expectArgs(0)
    // Only the root namespace can be asked while the server is sealed.
    const client = (await run.client()).withSettings({ namespace: '' })
    const status = await attempt(
      'Error checking seal status',
      client.json({ method: 'GET', path: 'sys/seal-status' }),
      1,
    )
    const code = await printSealStatus(run.ui, client, status)
    return booleanOf(member(status, 'sealed')) === true ? isSealed : code
  },
})
