import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { printData } from '../../output/print.ts'
import { keyStatusTable, readKeyStatus } from './key-status-table.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Tells which encryption key is active, since when, and how often it was used.

      $ coffer operator key-status`,
  output: ['format'],
  async run(run) {
    run.expectArgs(0)
    const status = await attempt('Error reading key status', readKeyStatus(await run.client()))
    if (!run.ui.isTable) return printData(run.ui, status, true)
    run.ui.print(keyStatusTable(status))
    return 0
  },
})
