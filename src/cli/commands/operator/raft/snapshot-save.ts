import { createWriteStream, existsSync, lstatSync, renameSync, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Client } from '../../../client/client.ts'
import { defineCommand } from '../../../command.ts'
import { attempt, failure, usageFailure } from '../../../failure.ts'

export const command = defineCommand({
  usage: '[options] FILE',
  help: `  Saves a snapshot of all that is stored into a file, which others cannot read. Values in it are encrypted; names are not.

      $ coffer operator raft snapshot save backup.snap`,
  async run(run) {
    run.expectArgs(1)
    const file = run.arg(0).trim()
    if (file === '') throw usageFailure('Output file name is required')
    await attempt('Error taking the snapshot', save(await run.client(), file))
    return 0
  },
})

async function save(client: Client, file: string): Promise<void> {
  const body = await client.download({ method: 'GET', path: 'sys/storage/raft/snapshot' })
  // A pipe or a device is written to as it is; a file is put in place once it is whole.
  if (existsSync(file) && !lstatSync(file).isFile()) return pipeline(body, createWriteStream(file))
  const part = `${file}.part`
  try {
    await pipeline(body, createWriteStream(part, { mode: 0o600, flush: true }))
    const { fileSource, isComplete } = await import('../../../../snapshot/index.ts')
    if (!(await isComplete(fileSource(part))))
      throw failure('incomplete snapshot, unable to read SHA256SUMS.sealed file')
    renameSync(part, file)
  } finally {
    rmSync(part, { force: true })
  }
}
