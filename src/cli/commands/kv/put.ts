import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import { printNewVersion } from './written.ts'
import { mount, resolveTarget } from './target.ts'

export const command = defineCommand({
  usage: '[options] KEY [DATA]',
  help: `  Writes a key: all of its values, those that were there before are replaced.

      $ coffer kv put -mount=secret foo bar=baz
      $ coffer kv put secret/foo bar=baz password=@password.txt
      $ echo '{"bar":"baz"}' | coffer kv put secret/foo -

  To write only if nobody else has in between, say which version is to be replaced:

      $ coffer kv put -cas=1 secret/foo bar=baz`,
  output: ['field', 'format'],
  optionsTitle: 'Common Options',
  flags: {
    mount,
    cas: flag.int({
      initial: -1,
      usage:
        'Check and set: write only if this is the current version of the key. 0 writes only if the key does not exist. If not ' +
        'set, the write is done in any case.',
    }),
  },
  async run(run) {
    run.expectArgs(1, Infinity, '>1')
    if (run.args.length === 1) throw usageFailure('Must supply data')
    const data = await run.pairs(1)
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
    const path = target.path('data')
    const options = run.flags.cas > -1 ? { cas: run.flags.cas } : {}
    const body = target.v2 ? { data, options } : data
    return printNewVersion(run.ui, await attempt(`Error writing data to ${path}`, client.write(path, body)), path)
  },
})
