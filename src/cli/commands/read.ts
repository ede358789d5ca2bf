import { defineCommand } from '../command.ts'
import { attempt, failure } from '../failure.ts'
import { asQuery } from '../input/pairs.ts'
import { printSecret, printSecretField } from '../output/print.ts'
import { sanitizePath } from '../paths.ts'

export const command = defineCommand({
  usage: '[options] PATH [K=V...]',
  help: `  Reads what is at a path: a secret, fresh credentials, configuration, and so on. Pairs of key and value are sent as
  parameters of the URL.

      $ coffer read secret/data/my-app
      $ coffer read -field=password database/creds/readonly
      $ coffer read -format=raw sys/internal/specs/openapi`,
  output: ['field', 'format'],
  raw: true,
  async run(run) {
    run.expectArgs(1, Infinity, '1')
    const path = sanitizePath(run.arg(0))
    const query = asQuery(await run.pairs(1))
    const client = await run.client()
    if (run.ui.format === 'raw') {
      run.ui.print(await attempt(`Error reading ${path}`, client.text({ method: 'GET', path, query })))
      return 0
    }
    const secret = await attempt(`Error reading ${path}`, client.read(path, query))
    if (secret === undefined) throw failure(`No value found at ${path}`)
    return run.ui.field === '' ? printSecret(run.ui, secret) : printSecretField(run.ui, secret)
  },
})
