import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath, withSlash } from '../../paths.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Disables a secrets engine: its leases are revoked and all its data is removed. PATH is where it is mounted, not its type.

      $ coffer secrets disable team/apps/`,
  async run(run) {
    run.expectArgs(1)
    const path = withSlash(sanitizePath(run.arg(0)))
    await attempt(`Error disabling secrets engine at ${path}`, (await run.client()).delete(`sys/mounts/${path}`))
    run.ui.print(`Success! Disabled the secrets engine (if it existed) at: ${path}`)
    return 0
  },
})
