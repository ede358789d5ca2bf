import { defineCommand } from '../../../command.ts'
import { attempt, usageFailure } from '../../../failure.ts'
import { flag } from '../../../flags/flag.ts'
import { columns, table } from '../../../output/columns.ts'
import { printData } from '../../../output/print.ts'
import { tree } from '../../../tree.ts'
import { sizeOf } from './snapshot-restore.ts'
import type { ArchiveSummary } from '../../../../snapshot/index.ts'

interface Kind {
  count: number
  size: number
}

export const command = defineCommand({
  usage: '[options] FILE',
  help: `  Reads a snapshot file to its end, checks that it is whole, and tells what it holds. No server is asked: whether the
  snapshot is really of a vault that you trust is checked when it is restored.

      $ coffer operator raft snapshot inspect backup.snap`,
  output: ['format'],
  flags: {
    details: flag.bool({ initial: true, usage: 'Tell how many entries there are of each kind, and their size.' }),
    depth: flag.int({ initial: 2, usage: 'How many parts of their names make a kind.' }),
    filter: flag.string({ usage: 'Only entries whose name starts with this.' }),
  },
  async run(run) {
    run.expectArgs(1)
    const file = run.arg(0).trim()
    const { details, depth, filter } = run.flags
    if (depth < 1) throw usageFailure('-depth takes a number of at least 1')
    const size = sizeOf(file)
    const { summary, kinds } = await attempt('Error reading the snapshot', inspect(file, depth, filter))
    const rows = [...kinds].toSorted(([, a], [, b]) => b.size - a.size)
    const total = { count: sum(rows, 'count'), size: sum(rows, 'size') }
    if (!run.ui.isTable) {
      const stats = rows.map(([name, kind]) => ({ Name: name, Count: kind.count, Size: kind.size }))
      const more = details ? { StatsKV: stats, TotalCountKV: total.count, TotalSizeKV: total.size } : {}
      return printData(run.ui, tree({ Meta: metaOf(summary, size), Entries: summary.entries, ...more }), true)
    }
    const meta = Object.entries(metaOf(summary, size)).map(([name, value]) => [name, String(value)])
    const entries = rows.map(([name, kind]) => [name, String(kind.count), bytesText(kind.size)])
    const sums = ['Total', String(total.count), bytesText(total.size)]
    const text = details ? `\n\n${table(['Key Name', 'Count', 'Size'], [...entries, sums])}` : ''
    run.ui.print(`${columns([...meta, ['Entries', String(summary.entries)]])}${text}`)
    return 0
  },
})

async function inspect(
  file: string,
  depth: number,
  filter: string,
): Promise<{ readonly summary: ArchiveSummary; readonly kinds: ReadonlyMap<string, Kind> }> {
  const { fileSource, verifyArchive } = await import('../../../../snapshot/index.ts')
  const kinds = new Map<string, Kind>()
  const summary = await verifyArchive(fileSource(file), (page) => {
    for (const [key, value] of page) {
      if (!key.startsWith(filter)) continue
      const name = key.split('/').slice(0, depth).join('/')
      const kind = kinds.get(name) ?? { count: 0, size: 0 }
      kind.count++
      kind.size += Buffer.byteLength(key) + value.length
      kinds.set(name, kind)
    }
  })
  return { summary, kinds }
}

function metaOf({ meta }: ArchiveSummary, size: number) {
  return {
    ID: meta.clusterId,
    Size: size,
    Index: meta.sequence,
    Version: 1,
    ClusterName: meta.clusterName,
    Created: meta.created,
    ServerVersion: meta.serverVersion,
    StorageType: meta.storageType,
  }
}

function sum(rows: readonly (readonly [string, Kind])[], member: keyof Kind): number {
  return rows.reduce((total, [, kind]) => total + kind[member], 0)
}

function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`
  const units = ['KB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  return `${(bytes / 1024 ** power).toFixed(1)}${units[power - 1]}`
}
