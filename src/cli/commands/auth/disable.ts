import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath, withSlash } from '../../paths.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Disables an auth method: the tokens it gave out are revoked and all its data is removed. PATH is where it is mounted, not
  its type.

      $ coffer auth disable userpass/`,
  async run(run) {
    run.expectArgs(1)
    const path = withSlash(sanitizePath(run.arg(0)))
    await attempt(`Error disabling auth method at ${path}`, (await run.client()).delete(`sys/auth/${path}`))
    run.ui.print(`Success! Disabled the auth method (if it existed) at: ${path}`)
    return 0
  },
})
