import type { WebSocket } from 'ws'
import { defineCommand } from '../../command.ts'
import { attempt, failure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { printText } from '../../output/print.ts'
import { member, plainText, readTree } from '../../tree.ts'
import type { Ui } from '../../output/ui.ts'

const NORMAL = 1000
/** The server goes, and with it the connection: not the end that was asked for. */
const ABNORMAL = 1006

export const command = defineCommand({
  usage: '[options] TYPE',
  help: `  Prints events of a type as they come, each as one line of JSON, until Ctrl-C. The type may hold "*".

      $ coffer events subscribe kv-v2/data-write
      $ coffer events subscribe -namespaces='team-*' '*'
      $ coffer events subscribe -filter='data_path == secret/data/app and operation != "data-write"' 'kv*'

  A filter may ask for event_type, operation, source_plugin_mount, data_path, path, namespace and metadata.NAME.`,
  flags: {
    filter: flag.string({ usage: 'An expression that must hold of an event.' }),
    namespaces: flag.list({
      usage: 'Namespaces below this one whose events come, too; may hold "*". Can be given more than once.',
    }),
    timeout: flag.duration({ usage: 'End by itself after this time.' }),
    timestamps: flag.bool({ usage: 'Put the time of each event in front of it.' }),
  },
  output: ['format'],
  async run(run) {
    run.expectArgs(1)
    const { filter, namespaces, timeout, timestamps } = run.flags
    const client = await run.client()
    const query: [string, string][] = [
      ['json', 'true'],
      ...(filter === '' ? [] : [['filter', filter] satisfies [string, string]]),
      ...namespaces.map((one): [string, string] => ['namespaces', one]),
    ]
    const path = `sys/events/subscribe/${run.arg(0)}`
    const socket = await attempt('Error subscribing to events', client.webSocket({ method: 'GET', path, query }))
    const stop = (): void => socket.close(NORMAL)
    const release = run.io.interrupted?.(stop)
    const timer = timeout === 0 ? undefined : setTimeout(stop, timeout * 1000)
    try {
      await printAll(socket, run.ui, timestamps)
    } finally {
      clearTimeout(timer)
      release?.()
    }
    return 0
  },
})

/** Resolves when it ends as it was asked to. Throws `CliFailure` where the server ends it. */
function printAll(socket: WebSocket, ui: Ui, timestamps: boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    void printEvent(data.toString().trimEnd(), ui, timestamps).catch(reject)
  })
  socket.once('close', (code, reason) => {
    if (code === NORMAL) resolve()
    else reject(failure(`The server ended the subscription: ${reasonOf(code, reason.toString())}`))
  })
  return promise
}

function reasonOf(code: number, reason: string): string {
  return reason !== '' ? reason : code === ABNORMAL ? 'the connection broke' : `code ${code}`
}

async function printEvent(text: string, ui: Ui, timestamps: boolean): Promise<void> {
  const time = timestamps ? `${plainText(member(readTree(text), 'time'))} ` : ''
  if (ui.format === 'table' || ui.format === 'json' || ui.format === 'raw') ui.print(time + text)
  else await printText(ui, readTree(text))
}
