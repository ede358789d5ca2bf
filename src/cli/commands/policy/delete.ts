import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'

export const command = defineCommand({
  usage: '[options] NAME',
  help: `  Deletes a policy. Tokens that have it lose what it gave them at once.

      $ coffer policy delete my-policy`,
  async run(run) {
    run.expectArgs(1)
    const name = run.arg(0).trim().toLowerCase()
    await attempt(`Error deleting ${name}`, (await run.client()).delete(`sys/policies/acl/${name}`))
    run.ui.print(`Success! Deleted policy: ${name}`)
    return 0
  },
})
