import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { printSecret } from '../../output/print.ts'
import { sanitizePath } from '../../paths.ts'
import { plainText } from '../../tree.ts'

export const command = defineCommand({
  usage: '[options] [PATH]',
  help: `  Locks the API of a namespace and of all below it: of -namespace or VAULT_NAMESPACE, or of the one at PATH from there.

      $ coffer namespace lock -namespace=team-a
      $ coffer namespace lock team-a/dev`,
  output: ['format', 'field'],
  async run(run) {
    run.expectArgs(0, 1)
    const path = pathOf('lock', run.args[0])
    const secret = await attempt('Error locking namespace', (await run.client()).write(path, {}))
    if (secret !== undefined && !run.ui.isTable) return printSecret(run.ui, secret)
    run.ui.print(`Unlock Key: ${plainText(secret?.data?.get('unlock_key'))}`)
    run.ui.print(
      '\nThe namespace is locked. Keep the key: it is not shown again, and only who has sudo can do without it.',
    )
    return 0
  },
})

export function pathOf(verb: 'lock' | 'unlock', given = ''): string {
  const below = sanitizePath(given)
  return `sys/namespaces/api-lock/${verb}${below === '' ? '' : `/${below}`}`
}
