import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath } from '../../paths.ts'
import { plainText } from '../../tree.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Deletes a namespace and everything in it: its leases are revoked, its tokens end, its secrets are removed. It must have no
  namespaces below it.

      $ coffer namespace delete team-a
      $ coffer namespace delete -namespace=team-a dev`,
  async run(run) {
    run.expectArgs(1)
    const name = sanitizePath(run.arg(0))
    const secret = await attempt('Error deleting namespace', (await run.client()).delete(`sys/namespaces/${name}`))
    const goesOn = plainText(secret?.data?.get('status')) === 'in-progress'
    run.ui.print(
      goesOn
        ? `Success! Namespace is being deleted, which goes on at the server: ${name}/`
        : `Success! Namespace deleted (if it existed) at: ${name}/`,
    )
    return 0
  },
})
