import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import type { Values } from '../../flags/flag.ts'
import { sanitizePath, withSlash } from '../../paths.ts'
import type { TreeSource } from '../../tree.ts'
import { authOnlyFlags, configFlags, givenConfig, tunedTtl, tuneRequest } from '../shared/mount-flags.ts'

const lockoutFlags = {
  'user-lockout-threshold': flag.uint({ usage: 'Failed logins after which a user is locked out.' }),
  'user-lockout-duration': flag.duration({ usage: 'How long a user stays locked out.' }),
  'user-lockout-counter-reset-duration': flag.duration({ usage: 'How long a failed login counts.' }),
  'user-lockout-disable': flag.bool({ usage: 'Do not lock users out.' }),
}

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Changes how an auth method is mounted. PATH is where, not its type.

      $ coffer auth tune -default-lease-ttl=72h userpass/`,
  flags: { ...configFlags, ...authOnlyFlags, ...lockoutFlags },
  async run(run) {
    run.expectArgs(1)
    const { flags, given } = run
    const path = withSlash(sanitizePath(run.arg(0)))
    const config = {
      ...givenConfig(flags, given),
      description: given.has('description') ? flags.description : undefined,
      token_type: given.has('token-type') ? flags['token-type'] : undefined,
      user_lockout_config: lockoutConfig(flags, given),
    }
    const request = { method: 'POST', path: `sys/mounts/auth/${path}tune`, body: tuneRequest(flags, config) } as const
    await attempt(`Error tuning auth method ${path}`, (await run.client()).send(request))
    run.ui.print(`Success! Tuned the auth method at: ${path}`)
    return 0
  },
})

function lockoutConfig(flags: Values<typeof lockoutFlags>, given: ReadonlySet<string>): TreeSource | undefined {
  const has = (name: keyof typeof lockoutFlags): boolean => given.has(name)
  if (!Object.keys(lockoutFlags).some((name) => given.has(name))) return undefined
  return {
    lockout_threshold: has('user-lockout-threshold') ? String(flags['user-lockout-threshold']) : undefined,
    lockout_duration: has('user-lockout-duration') ? tunedTtl(flags['user-lockout-duration']) : undefined,
    lockout_counter_reset_duration: has('user-lockout-counter-reset-duration')
      ? tunedTtl(flags['user-lockout-counter-reset-duration'])
      : undefined,
    lockout_disable: has('user-lockout-disable') ? flags['user-lockout-disable'] : undefined,
  }
}
