import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath, withSlash } from '../../paths.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Disables an audit device. What it recorded stays where it is, but its hashes can no longer be computed.

      $ coffer audit disable file/`,
  async run(run) {
    run.expectArgs(1)
    const path = withSlash(sanitizePath(run.arg(0)))
    await attempt('Error disabling audit device', (await run.client()).delete(`sys/audit/${path}`))
    run.ui.print(`Success! Disabled audit device (if it was enabled) at: ${path}`)
    return 0
  },
})
