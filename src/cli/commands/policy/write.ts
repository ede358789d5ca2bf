import { readFileSync } from 'node:fs'
import { defineCommand } from '../../command.ts'
import { attempt, failure, reasonOf } from '../../failure.ts'

export const command = defineCommand({
  usage: '[options] NAME PATH',
  help: `  Uploads a policy from a file, or from stdin if PATH is "-". A policy of that name is replaced.

      $ coffer policy write my-policy policy.hcl
      $ coffer policy write my-policy - < policy.hcl`,
  async run(run) {
    run.expectArgs(2)
    const given = run.arg(0)
    const name = given.trim().toLowerCase()
    const file = run.arg(1).trim()
    const policy = file === '-' ? await run.stdin() : readPolicy(file)
    await attempt('Error uploading policy', (await run.client()).write(`sys/policies/acl/${name}`, { policy }))
    if (given !== name) run.ui.warn(`Policy name was converted from "${given}" to "${name}"`)
    run.ui.print(`Success! Uploaded policy: ${name}`)
    return 0
  },
})

function readPolicy(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw failure(`Error opening policy file: ${reasonOf(error)}`)
  }
}
