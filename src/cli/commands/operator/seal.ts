import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Seals the server: it forgets its keys and answers nothing but questions about its status until it is unsealed again.

      $ coffer operator seal`,
  async run(run) {
    run.expectArgs(0)
    await attempt('Error sealing', (await run.client()).send({ method: 'PUT', path: 'sys/seal' }))
    run.ui.print('Success! Coffer is sealed.')
    return 0
  },
})
