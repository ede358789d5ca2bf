import { defineCommand } from '../command.ts'
import { attempt, usageFailure } from '../failure.ts'
import { flag } from '../flags/flag.ts'
import { sanitizePath } from '../paths.ts'
import { printWritten } from './shared/written.ts'

export const force = flag.bool({
  aliases: ['f'],
  usage: 'Go on without any key=value pair, for paths that need no data.',
})

export const command = defineCommand({
  usage: '[options] PATH [DATA K=V...]',
  help: `  Writes data to a path: secrets, configuration, or whatever the path takes.

  A value that begins with "@" is read from that file, "-" is stdin, and "\\@" is a plain @. Instead of pairs a JSON object
  may come from a file or from stdin:

      $ coffer write secret/my-app password=@password.txt
      $ coffer write secret/my-app @data.json
      $ echo '{"ttl":"1h"}' | coffer write auth/token/roles/web -
      $ coffer write -force transit/keys/my-key`,
  output: ['field', 'format'],
  flags: { force },
  async run(run) {
    run.expectArgs(1, Infinity, '1')
    if (run.args.length === 1 && !run.flags.force) throw usageFailure('Must supply data or use -force')
    const path = sanitizePath(run.arg(0))
    const data = await run.pairs(1)
    const secret = await attempt(`Error writing data to ${path}`, (await run.client()).write(path, data))
    return printWritten(run.ui, secret, `Data written to: ${path}`)
  },
})
