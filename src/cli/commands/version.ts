import { defineCommand } from '../command.ts'

export const command = defineCommand({
  usage: '',
  help: '  Prints the version of this program. Arguments and flags are ignored.',
  bare: true,
  async run(run) {
    run.ui.print(`Coffer v${run.io.version}`)
    return 0
  },
})
