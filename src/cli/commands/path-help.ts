import { ResponseError } from '../client/response-error.ts'
import { defineCommand } from '../command.ts'
import { attempt, CliFailure, failure } from '../failure.ts'
import { sanitizePath } from '../paths.ts'
import { member, nullTree, plainText, textOf } from '../tree.ts'
import { sorted } from '../output/json.ts'

const sealed = `Error: Coffer is sealed.

The "path-help" command needs the server unsealed, so that the paths of its engines are known.`

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Tells what a path is for and what it takes. With -format=json it prints OpenAPI.

      $ coffer path-help sys
      $ coffer path-help sys/mounts
      $ coffer path-help secret/data/my-app`,
  output: ['format'],
  async run(run) {
    run.expectArgs(1)
    const path = sanitizePath(run.arg(0))
    const client = await run.client()
    const help = await attempt(
      'Error retrieving help',
      client.json({ method: 'GET', path, query: [['help', '1']] }),
    ).catch(unlessSealed)
    run.ui.print(
      run.ui.format === 'json' ? textOf(sorted(member(help, 'openapi') ?? nullTree)) : plainText(member(help, 'help')),
    )
    return 0
  },
})

function unlessSealed(error: unknown): never {
  const cause = error instanceof CliFailure ? error.cause : undefined
  if (cause instanceof ResponseError && cause.status === 503) throw failure(sealed)
  throw error
}
