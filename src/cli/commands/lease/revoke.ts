import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'

export const command = defineCommand({
  usage: '[options] ID',
  help: `  Ends a lease now: what it was given for is taken back. With -prefix all leases below a path end.

      $ coffer lease revoke database/creds/readonly/2f6a614c
      $ coffer lease revoke -prefix database/creds

  If what the leases are for is gone already, so that it cannot be taken back, -force drops them all the same:

      $ coffer lease revoke -force -prefix database/creds`,
  flags: {
    force: flag.bool({
      aliases: ['f'],
      usage: 'Drop the leases even if what they are for cannot be taken back. Needs -prefix.',
    }),
    prefix: flag.bool({ usage: 'Take the ID for the beginning of the IDs of many leases.' }),
    sync: flag.bool({ usage: 'Wait until it is done, and fail if it cannot be done.' }),
  },
  async run(run) {
    run.expectArgs(1)
    const { force, prefix, sync } = run.flags
    if (force && !prefix) throw usageFailure('Specifying -force requires also specifying -prefix')
    const id = run.arg(0).trim()
    if (force) run.ui.warn('Warning! Force-removing leases can leave behind what they were given for!')
    const section = force ? 'revoke-force' : prefix ? 'revoke-prefix' : 'revoke'
    const what = force ? 'force revoking leases with prefix' : prefix ? 'revoking leases with prefix' : 'revoking lease'
    const request = {
      method: 'PUT',
      path: `sys/leases/${section}/${id}`,
      ...(force ? {} : { body: { sync } }),
    } as const
    await attempt(`Error ${what} ${id}`, (await run.client()).send(request))
    run.ui.print(done(id, run.flags))
    return 0
  },
})

function done(id: string, { force, prefix, sync }: { force: boolean; prefix: boolean; sync: boolean }): string {
  if (force) return `Success! Force revoked any leases with prefix: ${id}`
  if (!sync) return 'All revocation operations queued successfully!'
  return prefix ? `Success! Revoked any leases with prefix: ${id}` : `Success! Revoked lease: ${id}`
}
