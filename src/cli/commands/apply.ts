import { applyChanges, outcomeTree, printOutcome } from '../as-code/apply.ts'
import type { Plan } from '../as-code/plan.ts'
import { printPlan } from '../as-code/print.ts'
import { defineCommand } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { flag } from '../flags/flag.ts'
import { askLine } from '../input/prompt.ts'
import { printData } from '../output/print.ts'
import type { CliIo } from '../io.ts'
import { planned, planFlags } from './shared/declared-plan.ts'

export const command = defineCommand({
  usage: '[options] -f FILE_OR_FOLDER',
  help: `  Makes the server be as declared: shows the plan, asks, and carries it out in the order in which things rely on one another.
  It stops at the first change that fails, and says what was done. What no file names is left alone, but for -prune.

      $ coffer apply -f coffer.d/
      $ coffer apply -f coffer.d/ -auto-approve`,
  flags: {
    ...planFlags,
    'auto-approve': flag.bool({ usage: 'Do not ask.' }),
  },
  output: ['format'],
  async run(run) {
    const approved = run.flags['auto-approve']
    if (!approved && !run.ui.isTable) throw usageFailure('with -format nothing is asked: -auto-approve is needed')
    const { plan, world } = await planned(run, run.flags)
    if (run.ui.isTable) printPlan(run.ui, plan)
    if (run.ui.isTable && plan.changes.length === 0) return 0
    if (!approved && !(await agreed(plan, run.io, run.http['non-interactive'])))
      throw usageFailure('Nothing was changed.')
    if (run.ui.isTable) run.ui.print('')
    const outcome = await applyChanges(plan.changes, world, run.ui)
    if (run.ui.isTable) printOutcome(outcome, run.ui)
    else await printData(run.ui, outcomeTree(outcome), true)
    return outcome.failed === undefined ? 0 : 2
  },
})

async function agreed({ changes }: Plan, io: CliIo, isSilent: boolean): Promise<boolean> {
  if (isSilent) throw usageFailure('with -non-interactive nothing is asked: -auto-approve is needed')
  const removed = changes.filter(({ action }) => action === 'remove').length
  const warning = removed === 0 ? '' : ` What is removed is gone, with all that is in it (${removed}).`
  return (await askLine(io, `\nMake these changes?${warning} Only "yes" is taken for a yes: `)).trim() === 'yes'
}
