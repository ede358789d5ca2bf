import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { Client } from '../../client/client.ts'
import { defineCommand } from '../../command.ts'
import { attempt, failure, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { columns } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { member, numberOf, plainText, readTree, type JsonTree } from '../../tree.ts'
import { sizeOf } from './raft/snapshot-restore.ts'

const PATH = 'sys/storage/raft/snapshot-drill'
const NAMES: ReadonlyMap<string, string> = new Map([
  ['given', 'handed in'],
  ['automatic', 'newest automatic one'],
  ['taken', 'taken for the drill'],
])
/** ms between two questions. */
const PACE = 500

export const command = defineCommand({
  usage: '[options] [FILE]',
  help: `  Proves that a snapshot can be restored: the newest automatic one, or FILE. The server puts it into a store on the side as a
  restore would, and reads back and decrypts every entry of it. Nothing that is in use is touched. The exit code is 0 only
  when all of it held. With -now, and where there are no automatic snapshots, one is taken for the drill.

      $ coffer operator snapshot drill
      $ coffer operator snapshot drill backup.snap`,
  flags: {
    now: flag.bool({ usage: 'Take a snapshot for the drill, whatever automatic ones there are.' }),
  },
  output: ['format'],
  async run(run) {
    run.expectArgs(0, 1, '0-1')
    const [file] = run.args
    const { now } = run.flags
    if (now && file !== undefined) throw usageFailure('-now takes a snapshot: it takes no FILE')
    const client = await run.client()
    let report = await attempt('Error starting the drill', begin(client, file, now))
    const source = sourceOf(report, file, now)
    if (run.ui.isTable) run.io.stderr.write(`${source}\n`)
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

async function begin(client: Client, file: string | undefined, now: boolean): Promise<JsonTree> {
  const size = file === undefined ? 0 : sizeOf(file)
  // The server would take it for none.
  if (file !== undefined && size === 0) throw failure(`${file} is empty`)
  const open = (): Readable => (file === undefined ? Readable.from([]) : createReadStream(file))
  return readTree(await client.upload({ method: 'POST', path: PATH, query: now ? [['now', 'true']] : [] }, open, size))
}

/** Which snapshot it is that is proven. */
function sourceOf(report: JsonTree, file: string | undefined, now: boolean): string {
  if (file !== undefined) return `The snapshot is ${file}`
  if (textIn(report, 'source') === 'automatic')
    return `The snapshot is the newest automatic one, of "${textIn(report, 'config')}": ${textIn(report, 'url')}`
  return now ? 'A snapshot is taken for the drill' : 'There are no automatic snapshots: one is taken for the drill'
}

function progressOf(report: JsonTree): string {
  const phase = textIn(report, 'phase')
  if (phase === 'reading') return `reading back: ${textIn(report, 'opened')} of ${textIn(report, 'entries')} entries`
  if (phase === 'restoring') return `restoring on the side: ${textIn(report, 'entries')} entries`
  if (phase === 'fetching') return `fetching the snapshot: ${textIn(report, 'bytes')} bytes`
  return `taking a snapshot: ${textIn(report, 'bytes')} bytes`
}

function rowsOf(report: JsonTree): string[][] {
  const damaged = numberOf(member(report, 'data', 'damaged')) ?? 0
  const error = textIn(report, 'error')
  const source = textIn(report, 'source')
  return [
    ['Result', textIn(report, 'state')],
    ['Snapshot', NAMES.get(source) ?? source],
    ...(source === 'automatic'
      ? [
          ['Configuration', textIn(report, 'config')],
          ['Location', textIn(report, 'url')],
        ]
      : []),
    ['Snapshot Taken', textIn(report, 'created')],
    ['Snapshot Age', ageOf(report)],
    ['Size', textIn(report, 'bytes')],
    ['Entries Restored', textIn(report, 'entries')],
    ['Entries Read Back', textIn(report, 'opened')],
    ['Entries Damaged', String(damaged)],
    ...(damaged === 0 ? [] : [['Damaged Are Number', textIn(report, 'damaged_entries')]]),
    ...(error === '' ? [] : [['Error', error]]),
    ['Duration', `${textIn(report, 'duration_ms')}ms`],
  ]
}

/** When the drill began, by the clock of the server. */
function ageOf(report: JsonTree): string {
  const age = Date.parse(textIn(report, 'started_at')) - Date.parse(textIn(report, 'created'))
  // Unknown where the snapshot could not be read; below zero of one that was taken for the drill.
  return Number.isNaN(age) ? '' : formatDuration(Math.max(Math.floor(age / 1000), 0))
}

function textIn(report: JsonTree, name: string): string {
  return plainText(member(report, 'data', name))
}
