import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { plainText } from '../../tree.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Has engines let go of what they hold: caches, connections. Nothing that is stored changes.

      $ coffer plugin reload -plugin=database
      $ coffer plugin reload -mounts=kv/ -mounts=auth/userpass/`,
  flags: {
    plugin: flag.string({ usage: 'All mounts of this plugin.' }),
    mounts: flag.list({ usage: 'This mount; may be given several times.' }),
    scope: flag.string({ usage: '"global", or nothing: engines are reloaded on every node either way.' }),
  },
  async run(run) {
    run.expectArgs(0)
    const { plugin, mounts, scope } = run.flags
    if ((plugin === '') === (mounts.length === 0)) throw usageFailure('Must specify exactly one of -plugin or -mounts')
    if (scope !== '' && scope !== 'global') throw usageFailure(`Invalid reload scope: ${scope}`)
    const body = { ...(plugin === '' ? { mounts } : { plugin }), ...(scope === '' ? {} : { scope }) }
    const client = await run.client()
    const answer = await attempt('Error reloading plugin/mounts', client.write('sys/plugins/reload/backend', body))
    const what = plugin === '' ? `mounts: [${mounts.join(' ')}]` : `plugin: ${plugin}`
    const id = plainText(answer?.data?.get('reload_id'))
    run.ui.print(
      scope === 'global' && id !== '' ? `Success! Reloading ${what}, reload_id: ${id}` : `Success! Reloaded ${what}`,
    )
    return 0
  },
})
