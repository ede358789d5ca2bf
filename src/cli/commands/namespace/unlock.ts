import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { printWritten } from '../shared/written.ts'
import { pathOf } from './lock.ts'

export const command = defineCommand({
  usage: '[options] [PATH]',
  help: `  Unlocks the API of a namespace. Whoever has sudo needs no -unlock-key.

      $ coffer namespace unlock -unlock-key=… -namespace=team-a
      $ coffer namespace unlock team-a/dev`,
  async run(run) {
    run.expectArgs(0, 1)
    const key = run.http['unlock-key']
    const body = key === '' ? {} : { unlock_key: key }
    const path = pathOf('unlock', run.args[0])
    const secret = await attempt('Error unlocking namespace', (await run.client()).write(path, body))
    return printWritten(run.ui, secret, 'Namespace unlocked')
  },
})
