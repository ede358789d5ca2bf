import { defineCommand } from '../../command.ts'
import { attempt, failure } from '../../failure.ts'
import { printData } from '../../output/print.ts'
import { plainText, tree } from '../../tree.ts'

export const command = defineCommand({
  usage: '[options] NAME',
  help: `  Prints the rules of a policy.

      $ coffer policy read my-policy`,
  output: ['format'],
  async run(run) {
    run.expectArgs(1)
    const name = run.arg(0).trim().toLowerCase()
    const secret = await attempt(
      `Error reading policy named ${name}`,
      (await run.client()).read(`sys/policies/acl/${name}`),
    )
    const rules = plainText(secret?.data?.get('policy'))
    if (rules === '') throw failure(`No policy named: ${name}`)
    if (!run.ui.isTable) return printData(run.ui, tree({ policy: rules }))
    run.ui.print(rules.trim())
    return 0
  },
})
