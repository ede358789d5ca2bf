import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { asStrings } from '../../input/pairs.ts'
import { withSlash } from '../../paths.ts'

export const command = defineCommand({
  usage: '[options] TYPE [CONFIG K=V...]',
  help: `  Enables an audit device. Once there is one, requests are answered only if they could be recorded.

      $ coffer audit enable file file_path=/var/log/coffer/audit.log`,
  flags: {
    description: flag.string({ usage: 'What the device is for, for people.' }),
    path: flag.string({ usage: 'Path of the device. Its type if not given.' }),
    local: flag.bool({ usage: 'The device belongs to this cluster alone and is not replicated.' }),
  },
  async run(run) {
    if (run.args.length < 1) {
      throw usageFailure(
        "Error enabling audit device: audit type missing. Valid types include 'file', 'socket' and 'syslog'.",
      )
    }
    const type = run.arg(0).trim()
    const path = withSlash(run.flags.path === '' ? type : run.flags.path)
    const options = asStrings(await run.pairs(1))
    const body = { type, description: run.flags.description, options, local: run.flags.local }
    await attempt('Error enabling audit device', (await run.client()).write(`sys/audit/${path}`, body))
    run.ui.print(`Success! Enabled the ${type} audit device at: ${path}`)
    return 0
  },
})
