import { createReadStream, statSync } from 'node:fs'
import type { Client } from '../../../client/client.ts'
import { defineCommand } from '../../../command.ts'
import { attempt, failure, reasonOf, usageFailure } from '../../../failure.ts'
import { flag } from '../../../flags/flag.ts'

export const command = defineCommand({
  usage: '[options] FILE',
  help: `  Puts a snapshot in place of all that is stored. The server takes it only if it is whole and of the same vault. It answers
  nothing while it changes over, and goes on with the state of the snapshot.

      $ coffer operator raft snapshot restore backup.snap

  With -force it may be of another vault: the server is sealed afterwards, and opens with the unseal keys of that vault.`,
  flags: {
    force: flag.bool({ usage: 'Do not check that the snapshot is of this vault and opens with its keys.' }),
  },
  async run(run) {
    run.expectArgs(1)
    const file = run.arg(0).trim()
    if (file === '') throw usageFailure('Snapshot file name is required')
    const size = sizeOf(file)
    await attempt('Error installing the snapshot', restore(await run.client(), file, size, run.flags.force))
    return 0
  },
})

async function restore(client: Client, file: string, size: number, force: boolean): Promise<void> {
  const path = `sys/storage/raft/snapshot${force ? '-force' : ''}`
  await client.upload({ method: 'POST', path }, () => createReadStream(file), size)
}

export function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch (error) {
    throw failure(`Error opening snapshot file: ${reasonOf(error)}`)
  }
}
