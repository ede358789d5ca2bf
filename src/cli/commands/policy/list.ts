import { listedKeys } from '../../client/secret.ts'
import { defineCommand } from '../../command.ts'
import { attempt, failure } from '../../failure.ts'
import { printData } from '../../output/print.ts'
import { plainText } from '../../tree.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Lists the names of the policies on the server.

      $ coffer policy list`,
  output: ['format'],
  async run(run) {
    run.expectArgs(0)
    const request = { method: 'GET', path: 'sys/policies/acl', query: [['list', 'true']] } as const
    const names = listedKeys(await attempt('Error listing policies', (await run.client()).send(request)))
    if (names === undefined) throw failure('Error listing policies: data from server response is empty')
    if (!run.ui.isTable) return printData(run.ui, { kind: 'array', items: names })
    for (const name of names) run.ui.print(plainText(name))
    return 0
  },
})
