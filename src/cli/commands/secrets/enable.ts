import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { withSlash } from '../../paths.ts'
import { enableFlags, enableRequest, givenConfig } from '../shared/mount-flags.ts'

export const command = defineCommand({
  usage: '[options] TYPE',
  help: `  Enables a secrets engine at a path, which is its type unless told otherwise.

      $ coffer secrets enable -version=2 kv
      $ coffer secrets enable -path=team/apps -version=2 kv
      $ coffer secrets enable -max-lease-ttl=30m database`,
  flags: {
    ...enableFlags,
    'force-no-cache': flag.bool({
      usage: "Do not cache what the engine reads. The server's own setting if not given.",
    }),
  },
  async run(run) {
    run.expectArgs(1)
    const { flags, given } = run
    const named = run.arg(0).trim()
    const type = named === 'plugin' ? flags['plugin-name'] : named
    const path = withSlash(flags.path === '' ? type : flags.path)
    const config = { force_no_cache: flags['force-no-cache'], ...givenConfig(flags, given) }
    const request = { method: 'POST', path: `sys/mounts/${path}`, body: enableRequest(type, flags, config) } as const
    await attempt('Error enabling', (await run.client()).send(request))
    const version = flags['plugin-version'] === '' ? '' : ` version ${flags['plugin-version']}`
    run.ui.print(`Success! Enabled the ${type} secrets engine${version} at: ${path}`)
    return 0
  },
})
