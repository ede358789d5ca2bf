import { ResponseError } from '../../client/response-error.ts'
import type { Client } from '../../client/client.ts'
import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { printData } from '../../output/print.ts'
import { keyStatusTable, readKeyStatus } from './key-status-table.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Gives the server a new encryption key for everything that it writes from now on. What was written before stays readable,
  and requests go on meanwhile. The unseal keys stay the same.

      $ coffer operator rotate`,
  output: ['format'],
  async run(run) {
    run.expectArgs(0)
    const client = await run.client()
    await attempt('Error rotating key', rotate(client))
    const status = await attempt('Error reading key status', readKeyStatus(client))
    if (!run.ui.isTable) return printData(run.ui, status, true)
    run.ui.print(`Success! Rotated key\n\n${keyStatusTable(status)}`)
    return 0
  },
})

async function rotate(client: Client): Promise<void> {
  try {
    await client.send({ method: 'POST', path: 'sys/rotate' })
  } catch (error) {
    // OpenBao moved it.
    if (!(error instanceof ResponseError) || error.status !== 404) throw error
    await client.send({ method: 'POST', path: 'sys/rotate/keyring' })
  }
}
