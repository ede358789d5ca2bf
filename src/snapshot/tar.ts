/** As much of the tar format (POSIX ustar) as an archive needs: plain files with short names, known in advance. */
import { snapshotErrors } from './errors.ts'
import type { ByteReader } from './byte-reader.ts'

const BLOCK = 512
/** Zeros that may follow the two blocks which end an archive: other programs fill up to their record size. */
const MOST_END_BLOCKS = 20
const MODE = '0000600'
const CHECKSUM_AT = 148
const NO_CHECKSUM = '        '

export function tarHeader(name: string, size: number, seconds: number): Buffer {
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0, 100, 'latin1')
  header.write(`${MODE}\0`, 100, 'latin1')
  header.write(`${octal(0, 7)}\0`, 108, 'latin1')
  header.write(`${octal(0, 7)}\0`, 116, 'latin1')
  header.write(`${octal(size, 11)}\0`, 124, 'latin1')
  header.write(`${octal(seconds, 11)}\0`, 136, 'latin1')
  header.write(NO_CHECKSUM, CHECKSUM_AT, 'latin1')
  header.write('0', 156, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  header.write(`${octal(sumOf(header), 6)}\0 `, CHECKSUM_AT, 'latin1')
  return header
}

/** What fills the last block of a file. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}

export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK)
}

export interface TarMember {
  readonly name: string
  readonly size: number
}

/** The header of the next member. Throws `SNAPSHOT_NOT_ONE` for what is no tar, `SNAPSHOT_DAMAGED` where there is no plain file. */
export async function readTarHeader(reader: ByteReader): Promise<TarMember> {
  const header = await reader.take(BLOCK)
  if (header.toString('latin1', 257, 262) !== 'ustar') throw snapshotErrors.NOT_ONE({ reason: 'it is no tar archive' })
  const checksum = numberAt(header, CHECKSUM_AT, 8)
  header.write(NO_CHECKSUM, CHECKSUM_AT, 'latin1')
  if (checksum !== sumOf(header)) throw snapshotErrors.DAMAGED({ reason: 'a header does not fit its checksum' })
  const type = header[156]
  if (type !== 0x30 && type !== 0) throw snapshotErrors.DAMAGED({ reason: 'it holds something else than plain files' })
  const end = header.indexOf(0)
  return { name: header.toString('latin1', 0, Math.min(end < 0 ? 100 : end, 100)), size: numberAt(header, 124, 12) }
}

export async function readTarContent(reader: ByteReader, { size }: TarMember): Promise<Buffer> {
  const content = await reader.take(size)
  await expectZeros(reader, (BLOCK - (size % BLOCK)) % BLOCK)
  return content
}

export async function skipTarContent(reader: ByteReader, { size }: TarMember): Promise<void> {
  await reader.skip(Math.ceil(size / BLOCK) * BLOCK)
}

/** Nothing but the end of the archive is left. */
export async function readTarEnd(reader: ByteReader): Promise<void> {
  await expectZeros(reader, 2 * BLOCK)
  for (let blocks = 2; !(await reader.atEnd()); blocks++) {
    if (blocks >= MOST_END_BLOCKS) throw snapshotErrors.DAMAGED({ reason: 'something follows its end' })
    await expectZeros(reader, BLOCK)
  }
}

async function expectZeros(reader: ByteReader, length: number): Promise<void> {
  if ((await reader.take(length)).some((byte) => byte !== 0))
    throw snapshotErrors.DAMAGED({ reason: 'something stands where nothing should' })
}

function octal(value: number, digits: number): string {
  return Math.floor(value).toString(8).padStart(digits, '0')
}

function numberAt(header: Buffer, at: number, length: number): number {
  const text = header.toString('latin1', at, at + length).replace(/[\0 ]+$/, '')
  if (!/^[0-7]{1,11}$/.test(text)) throw snapshotErrors.DAMAGED({ reason: 'a header cannot be read' })
  return Number.parseInt(text, 8)
}

function sumOf(header: Buffer): number {
  let sum = 0
  for (const byte of header) sum += byte
  return sum
}
