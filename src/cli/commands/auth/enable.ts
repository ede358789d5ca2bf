import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { withSlash } from '../../paths.ts'
import { authOnlyFlags, enableFlags, enableRequest, givenConfig } from '../shared/mount-flags.ts'

export const command = defineCommand({
  usage: '[options] TYPE',
  help: `  Enables an auth method at a path below auth/, which is its type unless told otherwise.

      $ coffer auth enable userpass
      $ coffer auth enable -path=my-login userpass`,
  flags: { ...enableFlags, ...authOnlyFlags },
  async run(run) {
    run.expectArgs(1)
    const { flags, given } = run
    const named = run.arg(0).trim()
    const type = named === 'plugin' ? flags['plugin-name'] : named
    const path = withSlash(flags.path === '' ? type : flags.path)
    const config = {
      ...givenConfig(flags, given),
      token_type: given.has('token-type') ? flags['token-type'] : undefined,
    }
    const request = { method: 'POST', path: `sys/auth/${path}`, body: enableRequest(type, flags, config) } as const
    await attempt(`Error enabling ${type} auth`, (await run.client()).send(request))
    const version = flags['plugin-version'] === '' ? '' : ` version ${flags['plugin-version']}`
    run.ui.print(`Success! Enabled ${type} auth method${version} at: ${path}`)
    return 0
  },
})
