import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Makes the active node give up its duty, so that another takes over. It may become active again later.

      $ coffer operator step-down`,
  async run(run) {
    run.expectArgs(0)
    const client = await run.client()
    await attempt('Error stepping down', client.send({ method: 'PUT', path: 'sys/step-down' }))
    run.ui.print(`Success! Stepped down: ${client.address}`)
    return 0
  },
})
