import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath, withSlash } from '../../paths.ts'
import { member, plainText } from '../../tree.ts'
import { loginMethods } from '../login/methods.ts'

export const command = defineCommand({
  usage: '[options] TYPE | PATH',
  help: `  Tells how to log in by an auth method, named by its type or by where it is mounted.

      $ coffer auth help userpass
      $ coffer auth help people/`,
  async run(run) {
    run.expectArgs(1)
    const known = loginMethods.get(run.arg(0).trim())
    if (known !== undefined) {
      run.ui.print(known.help)
      return 0
    }
    const answer = await attempt(
      'Error listing auth methods',
      (await run.client()).send({ method: 'GET', path: 'sys/auth' }),
    )
    const path = withSlash(sanitizePath(run.arg(0)))
    const mount = answer?.data?.get(path)
    if (mount === undefined) {
      run.ui.warn(`No auth method available on the server at ${JSON.stringify(path)}`)
      return 1
    }
    const type = plainText(member(mount, 'type'))
    const method = loginMethods.get(type)
    if (method === undefined) {
      run.ui.warn(`"coffer login" does not know auth methods of type ${JSON.stringify(type)}`)
      return 2
    }
    run.ui.print(method.help)
    return 0
  },
})
