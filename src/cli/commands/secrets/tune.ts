import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath, withSlash } from '../../paths.ts'
import { configFlags, givenConfig, tuneRequest } from '../shared/mount-flags.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Changes how a secrets engine is mounted. PATH is where, not its type.

      $ coffer secrets tune -default-lease-ttl=72h pki/
      $ coffer secrets tune -default-lease-ttl=system pki/`,
  flags: configFlags,
  async run(run) {
    run.expectArgs(1)
    const { flags, given } = run
    const path = withSlash(sanitizePath(run.arg(0)))
    const config = {
      ...givenConfig(flags, given),
      description: given.has('description') ? flags.description : undefined,
    }
    const request = { method: 'POST', path: `sys/mounts/${path}tune`, body: tuneRequest(flags, config) } as const
    await attempt(`Error tuning secrets engine ${path}`, (await run.client()).send(request))
    run.ui.print(`Success! Tuned the secrets engine at: ${path}`)
    return 0
  },
})
