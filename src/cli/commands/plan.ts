import { planTree, printPlan } from '../as-code/print.ts'
import { defineCommand } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { flag } from '../flags/flag.ts'
import { printData } from '../output/print.ts'
import { planned, planFlags, type Planned } from './shared/declared-plan.ts'

export const command = defineCommand({
  usage: '[options] -f FILE_OR_FOLDER',
  help: `  Tells in what the server differs from what is declared, and what "coffer apply" would do about it. Nothing is changed. Only
  fields that a declaration names are looked at; what no file names is left alone. Fields that hold secrets take env("NAME") or
  file("path").

      $ coffer plan -f coffer.d/
      $ coffer plan -f coffer.d/ -detailed-exitcode`,
  flags: {
    ...planFlags,
    'detailed-exitcode': flag.bool({ usage: 'Exit with 0 for no changes, 1 for an error, 2 for changes.' }),
  },
  output: ['format'],
  async run(run) {
    const detailed = run.flags['detailed-exitcode']
    const { plan } = await planned(run, run.flags).catch((error: unknown): Planned => {
      throw detailed && error instanceof CliFailure ? new CliFailure(error.message, 1, error) : error
    })
    if (run.ui.isTable) printPlan(run.ui, plan)
    else await printData(run.ui, planTree(plan), true)
    return detailed && plan.changes.length > 0 ? 2 : 0
  },
})
