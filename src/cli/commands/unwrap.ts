import { listedKeys } from '../client/secret.ts'
import { defineCommand } from '../command.ts'
import { attempt } from '../failure.ts'
import { printList, printSecret, printSecretField } from '../output/print.ts'

export const command = defineCommand({
  usage: '[options] [TOKEN]',
  help: `  Opens a wrapped response and prints it as if the request had just been made. A wrapping token works once. Without an
  argument the current token is taken for one; "-" reads it from stdin.

      $ coffer unwrap hvs.CAESI…
      $ coffer unwrap -field=password - < token.txt`,
  output: ['field', 'format'],
  async run(run) {
    run.expectArgs(0, 1, '0-1')
    const given = run.args[0] === '-' ? await run.stdin() : (run.args[0] ?? '')
    const token = given.trim()
    const client = (await run.client()).withSettings({ wrapTtl: run.http['wrap-ttl'] })
    const asItself = client.token === '' ? client.withToken(token) : client
    const body = token === '' || token === asItself.token ? null : { token }
    const secret = await attempt(
      'Error unwrapping',
      asItself.send({ method: 'PUT', path: 'sys/wrapping/unwrap', body }),
    )
    if (secret === undefined) {
      if (run.ui.isTable) run.ui.print('Successfully unwrapped. There was no data in the wrapped secret.')
      return 0
    }
    if (run.ui.field !== '') return printSecretField(run.ui, secret)
    return listedKeys(secret) === undefined ? printSecret(run.ui, secret) : printList(run.ui, secret)
  },
})
