import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Deletes a namespace that is sealed, with all that nobody can read without its shares. Credentials that it has lent stay in
  other systems until they end there: "namespace delete" takes them back, but for that it has to be open. Takes sudo.

      $ coffer namespace delete-sealed team-a
      $ coffer namespace delete-sealed -force team-a`,
  flags: { force: flag.bool({ usage: 'With all namespaces below it.' }) },
  async run(run) {
    run.expectArgs(1)
    const name = sanitizePath(run.arg(0))
    const query = run.flags.force ? ([['force', 'true']] as const) : []
    const path = `sys/namespaces/${name}/delete-sealed`
    const secret = await attempt('Error deleting sealed namespace', (await run.client()).delete(path, query))
    if ((secret?.warnings ?? []).length > 0) {
      run.ui.warn('Requested namespace does not exist')
      return 0
    }
    run.ui.print(`Success! Namespace deletion scheduled: ${name}/`)
    return 0
  },
})
