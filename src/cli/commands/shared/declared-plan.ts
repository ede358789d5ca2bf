/** What `plan` and `apply` begin with. */
import { makePlan, type Plan } from '../../as-code/plan.ts'
import { Problems } from '../../as-code/problem.ts'
import { readFiles } from '../../as-code/read-files.ts'
import { World } from '../../as-code/world.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag, type Values } from '../../flags/flag.ts'
import type { Run } from '../../run.ts'

export const planFlags = {
  file: flag.list({
    aliases: ['f'],
    usage:
      'File with declarations, or a folder of which every file that ends with .hcl or .json is read. May be given several times. Needed.',
  }),
  prune: flag.bool({
    usage:
      'Remove what is not declared, of the kinds that are: policies, if there is any policy in the files; roles of a mount, if there is any role of it.',
  }),
  'resend-secrets': flag.bool({
    usage: 'Send secret fields also to what is there already. Without it they are sent when a thing is made.',
  }),
}

export interface Planned {
  readonly plan: Plan
  readonly world: World
}

/** Throws `CliFailure` with everything that is wrong with the declarations. */
export async function planned(run: Run<typeof planFlags>, flags: Values<typeof planFlags>): Promise<Planned> {
  run.expectArgs(0)
  if (flags.file.length === 0) throw usageFailure('-f is needed: the file or the folder with the declarations')
  const problems = new Problems()
  const declarations = readFiles(flags.file, run.io.env, problems)
  stopAt(problems)
  const world = new World((await run.client()).aside())
  const options = { prune: flags.prune, resendSecrets: flags['resend-secrets'] }
  const plan = await attempt('Error making the plan', makePlan(declarations, world, options, problems))
  stopAt(problems)
  return { plan, world }
}

function stopAt({ found }: Problems): void {
  if (found.length > 0) throw usageFailure(found.join('\n'))
}
