import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { Client } from '../../client/client.ts'
import { defineCommand } from '../../command.ts'
import { attempt, failure } from '../../failure.ts'
import { columns } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import { member, numberOf, plainText, readTree, type JsonTree } from '../../tree.ts'
import { sizeOf } from './raft/snapshot-restore.ts'

const PATH = 'sys/storage/raft/snapshot-drill'
/** ms between two questions. */
const PACE = 500

export const command = defineCommand({
  usage: '[options] [FILE]',
  help: `  Proves that a snapshot can be restored. The server takes one, or is given FILE, puts it into a store on the side as a
  restore would, and reads back and decrypts every entry of it. Nothing that is in use is touched. The exit code is 0 only
  when all of it held.

      $ coffer operator snapshot drill
      $ coffer operator snapshot drill backup.snap`,
  output: ['format'],
  async run(run) {
    run.expectArgs(0, 1, '0-1')
    const client = await run.client()
    let report = await attempt('Error starting the drill', begin(client, run.args[0]))
    let told = ''
    while (textIn(report, 'state') === 'running') {
      const line = progressOf(report)
      if (run.ui.isTable && line !== told) run.io.stderr.write(`${line}\n`)
      told = line
      await run.io.sleep(PACE)
      report = await attempt('Error reading the state of the drill', client.json({ method: 'GET', path: PATH }))
    }
    const data = member(report, 'data')
    if (data === undefined) throw failure('The server answered without a report.')
    if (run.ui.isTable) run.ui.print(columns(rowsOf(report)))
    else await printData(run.ui, data, true)
    return textIn(report, 'state') === 'succeeded' ? 0 : 2
  },
})

async function begin(client: Client, file: string | undefined): Promise<JsonTree> {
  const size = file === undefined ? 0 : sizeOf(file)
  const open = (): Readable => (file === undefined ? Readable.from([]) : createReadStream(file))
  return readTree(await client.upload({ method: 'POST', path: PATH }, open, size))
}

function progressOf(report: JsonTree): string {
  const phase = textIn(report, 'phase')
  if (phase === 'reading') return `reading back: ${textIn(report, 'opened')} of ${textIn(report, 'entries')} entries`
  if (phase === 'restoring') return `restoring on the side: ${textIn(report, 'entries')} entries`
  return `taking a snapshot: ${textIn(report, 'bytes')} bytes`
}

function rowsOf(report: JsonTree): string[][] {
  const damaged = numberOf(member(report, 'data', 'damaged')) ?? 0
  const error = textIn(report, 'error')
  return [
    ['Result', textIn(report, 'state')],
    ['Snapshot Taken', textIn(report, 'created')],
    ['Size', textIn(report, 'bytes')],
    ['Entries Restored', textIn(report, 'entries')],
    ['Entries Read Back', textIn(report, 'opened')],
    ['Entries Damaged', String(damaged)],
    ...(damaged === 0 ? [] : [['Damaged Are Number', textIn(report, 'damaged_entries')]]),
    ...(error === '' ? [] : [['Error', error]]),
    ['Duration', `${textIn(report, 'duration_ms')}ms`],
  ]
}

function textIn(report: JsonTree, name: string): string {
  return plainText(member(report, 'data', name))
}
