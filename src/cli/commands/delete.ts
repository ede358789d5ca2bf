import { defineCommand } from '../command.ts'
import { attempt } from '../failure.ts'
import { asQuery } from '../input/pairs.ts'
import { sanitizePath } from '../paths.ts'
import { printWritten } from './shared/written.ts'

export const command = defineCommand({
  usage: '[options] PATH [K=V...]',
  help: `  Deletes what is at a path. It is no error if nothing is there. Whether the data can come back depends on the engine.

      $ coffer delete secret/data/my-app
      $ coffer delete transit/keys/my-key`,
  output: ['field', 'format'],
  async run(run) {
    run.expectArgs(1, Infinity, 'at least 1')
    const path = sanitizePath(run.arg(0))
    const query = asQuery(await run.pairs(1, 'Failed to parse string list data'))
    const secret = await attempt(`Error deleting ${path}`, (await run.client()).delete(path, query))
    return printWritten(run.ui, secret, `Data deleted (if it existed) at: ${path}`)
  },
})
