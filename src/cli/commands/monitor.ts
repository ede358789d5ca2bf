import { createInterface } from 'node:readline'
import { defineCommand } from '../command.ts'
import { attempt } from '../failure.ts'
import { flag } from '../flags/flag.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Shows the log of the server while it is written, until it is interrupted. The server's own log stays as it is, whatever level
  is asked for here.

      $ coffer monitor
      $ coffer monitor -log-level=debug -log-format=json`,
  flags: {
    'log-level': flag.string({
      usage: 'The least that is shown: "trace", "debug", "info", "warn" or "error".',
      initial: 'info',
    }),
    'log-format': flag.string({ usage: '"standard" or "json".', initial: 'standard' }),
  },
  async run(run) {
    run.expectArgs(0)
    const { 'log-level': level, 'log-format': format } = run.flags
    const client = await run.client()
    const body = await attempt(
      'Error starting to monitor',
      client.follow({
        method: 'GET',
        path: 'sys/monitor',
        query: [
          ['log_level', level],
          ['log_format', format],
        ],
      }),
    )
    await attempt(
      'The log of the server ended',
      (async () => {
        for await (const line of createInterface({ input: body, crlfDelay: Infinity })) run.ui.print(line)
      })(),
    )
    return 0
  },
})
