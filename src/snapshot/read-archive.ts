/**
 * Reads an archive and believes nothing of it: members other than those expected, in another order, of another size or hash, entries
 * out of order, a missing end. What it takes in memory is bounded by the size of one member and one value, whatever comes.
 */
import { hash } from 'node:crypto'
import type { Entry } from '../storage/driver.ts'
import { ByteReader } from './byte-reader.ts'
import { snapshotErrors } from './errors.ts'
import {
  decodeEnd,
  decodeMeta,
  END,
  META,
  MOST_META_BYTES,
  MOST_PIECE_BYTES,
  pieceName,
  SEALED,
  SUMS,
  type SnapshotEnd,
  type SnapshotMeta,
} from './format.ts'
import { RecordReader } from './records.ts'
import { readTarContent, readTarEnd, readTarHeader, type TarMember } from './tar.ts'
import { gunzip } from './zlib-stream.ts'

/** What an archive was found to be, once all of it was read. */
export interface ArchiveSummary extends SnapshotEnd {
  readonly meta: SnapshotMeta
  readonly pieces: number
  /** The text of `SHA256SUMS`, which fits every member. */
  readonly sums: Uint8Array
  readonly sealed: Uint8Array
}

export interface ArchiveSource {
  /** Compressed. */
  readonly size: number
  bytes(): AsyncIterable<Uint8Array>
}

/**
 * The entries, page by page; then the summary. Throws `SNAPSHOT_DAMAGED`, `SNAPSHOT_NOT_ONE` or `SNAPSHOT_NEWER`, perhaps after many
 * pages: nothing of them counts before the end. Whether the vault itself made it is for the caller to ask, with `sealed`.
 */
export async function* readArchive(source: ArchiveSource): AsyncGenerator<readonly Entry[], ArchiveSummary> {
  const reader = new ByteReader(gunzip(source.bytes(), source.size))
  try {
    return yield* members(reader)
  } finally {
    await reader.close()
  }
}

/** Reads an archive to its end and gives each page to `each`. Throws as `readArchive`, or what `each` throws. */
export async function verifyArchive(
  source: ArchiveSource,
  each: (page: readonly Entry[]) => void = () => undefined,
): Promise<ArchiveSummary> {
  const pages = readArchive(source)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return next.value
    each(next.value)
  }
}

async function* members(reader: ByteReader): AsyncGenerator<readonly Entry[], ArchiveSummary> {
  let sums = ''
  const content = async (member: TarMember, name: string, most: number): Promise<Buffer> => {
    if (member.name !== name) throw snapshotErrors.DAMAGED({ reason: `${name} is not where it should be` })
    if (member.size > most) throw snapshotErrors.DAMAGED({ reason: `${name} is too large` })
    return readTarContent(reader, member)
  }
  const summed = async (member: TarMember, name: string, most: number): Promise<Buffer> => {
    const bytes = await content(member, name, most)
    sums += `${hash('sha256', bytes, 'hex')}  ${name}\n`
    return bytes
  }
  const meta = decodeMeta(await summed(await readTarHeader(reader), META, MOST_META_BYTES))
  const records = new RecordReader()
  let pieces = 0
  let member = await readTarHeader(reader)
  for (; member.name !== END; member = await readTarHeader(reader)) {
    const page = records.add(await summed(member, pieceName(++pieces), MOST_PIECE_BYTES))
    if (page.length > 0) yield page
  }
  records.end()
  const { entries, bytes } = decodeEnd(await summed(member, END, MOST_META_BYTES))
  if (entries !== records.entries || bytes !== records.bytes)
    throw snapshotErrors.DAMAGED({ reason: 'entries are missing' })
  const text = Buffer.from(sums)
  const stored = await content(await readTarHeader(reader), SUMS, text.length)
  if (!stored.equals(text)) throw snapshotErrors.DAMAGED({ reason: 'a member does not fit its checksum' })
  const sealed = await content(await readTarHeader(reader), SEALED, text.length + MOST_META_BYTES)
  await readTarEnd(reader)
  return { meta, entries, bytes, pieces, sums: text, sealed }
}
