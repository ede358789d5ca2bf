import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath, withSlash } from '../../paths.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Turns a KV engine of version 1 into one of version 2. Its secrets stay.

      $ coffer kv enable-versioning secret`,
  output: ['format'],
  async run(run) {
    run.expectArgs(1)
    const path = withSlash(sanitizePath(run.arg(0)))
    const client = await run.client()
    const body = { options: { version: '2' } }
    await attempt(
      `Error tuning secrets engine ${path}`,
      client.send({ method: 'POST', path: `sys/mounts/${path}tune`, body }),
    )
    run.ui.print(`Success! Tuned the secrets engine at: ${path}`)
    return 0
  },
})
