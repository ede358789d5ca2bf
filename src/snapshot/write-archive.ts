import { hash } from 'node:crypto'
import type { Snapshot } from '../storage/driver.ts'
import { encodeEnd, encodeMeta, END, META, pieceName, PIECE_BYTES, SEALED, SUMS, type SnapshotMeta } from './format.ts'
import { pagesOf } from './pages.ts'
import { RecordWriter } from './records.ts'
import { tarEnd, tarHeader, tarPadding } from './tar.ts'
import { gzip } from './zlib-stream.ts'

export interface ArchiveParts {
  readonly meta: SnapshotMeta
  /** The caller closes it. */
  readonly snapshot: Snapshot
  /** What stands in `SHA256SUMS.sealed`. */
  seal(sums: Uint8Array): Uint8Array
}

/** The archive of a snapshot, made as it is read. An archive that could not be finished has no end, and nobody takes it. */
export function writeArchive(parts: ArchiveParts): AsyncGenerator<Uint8Array> {
  return gzip(tarOf(parts))
}

async function* tarOf({ meta, snapshot, seal }: ArchiveParts): AsyncGenerator<Uint8Array> {
  const seconds = Date.parse(meta.created) / 1000
  const file = (name: string, content: Uint8Array): Uint8Array[] => [
    tarHeader(name, content.length, seconds),
    content,
    tarPadding(content.length),
  ]
  let sums = ''
  const summed = (name: string, content: Uint8Array): Uint8Array[] => {
    sums += `${hash('sha256', content, 'hex')}  ${name}\n`
    return file(name, content)
  }
  yield* summed(META, encodeMeta(meta))
  const records = new RecordWriter(PIECE_BYTES)
  let pieces = 0
  for await (const page of pagesOf(snapshot)) {
    for (const entry of page) for (const piece of records.add(entry)) yield* summed(pieceName(++pieces), piece)
  }
  const last = records.end()
  if (last !== undefined) yield* summed(pieceName(++pieces), last)
  yield* summed(END, encodeEnd(records))
  const text = Buffer.from(sums)
  yield* file(SUMS, text)
  yield* file(SEALED, seal(text))
  yield tarEnd()
}
