import { defineCommand } from '../command.ts'
import { attempt, usageFailure } from '../failure.ts'
import { sanitizePath } from '../paths.ts'
import { printWritten } from './shared/written.ts'
import { force } from './write.ts'

export const command = defineCommand({
  usage: '[options] PATH [DATA K=V...]',
  help: `  Changes some of the data at a path and leaves the rest (JSON merge patch, RFC 7396). Not every path supports it.
  Data is given as for "coffer write"; a null in a JSON object removes its member.

      $ coffer patch pki/roles/example allow_localhost=false
      $ echo '{"ttl":null}' | coffer patch pki/roles/example -`,
  output: ['field', 'format'],
  flags: { force },
  async run(run) {
    run.expectArgs(1, Infinity, '1')
    if (run.args.length === 1 && !run.flags.force) throw usageFailure('Must supply data or use -force')
    const path = sanitizePath(run.arg(0))
    const data = await run.pairs(1)
    const secret = await attempt(`Error writing data to ${path}`, (await run.client()).patch(path, data))
    return printWritten(run.ui, secret, `Data written to: ${path}`)
  },
})
