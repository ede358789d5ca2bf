/**
 * Looks at a data file before the library does. The library dies of a signal where a file is not one of its own, and at the first
 * read behind the end of one that was cut short (a copy onto a full disk): both must be errors that an operator can read.
 *
 * Offsets are those of `MDB_page_header` and `MDB_meta` in the library's `mdb.c`, little-endian.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'

const P_META = 0x08
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const META_BYTES = 160

interface Meta {
  readonly pageSize: number
  readonly lastPage: number
  readonly transaction: bigint
}

/**
 * Fills a file that was cut short with zeros, which the library takes for damaged pages and not for the end of the process.
 * Returns how many bytes were missing. Throws where the file is not a data file or is damaged at its head.
 */
export function checkDataFile(path: string): number {
  const fd = openSync(path, 'r+')
  try {
    const { size } = fstatSync(fd)
    if (size === 0) return 0
    const first = readMeta(fd, 0)
    const second = readMeta(fd, first.pageSize)
    const newest = second.transaction > first.transaction ? second : first
    // It may be shorter by pages at the end that are free; zeros don't hurt them.
    const missing = (newest.lastPage + 1) * newest.pageSize - size
    if (missing > 0) ftruncateSync(fd, size + missing)
    return Math.max(missing, 0)
  } finally {
    closeSync(fd)
  }
}

function readMeta(fd: number, position: number): Meta {
  const page = Buffer.alloc(META_BYTES)
  const whole = readSync(fd, page, 0, META_BYTES, position) === META_BYTES
  if (
    !whole ||
    page.readUInt16LE(18) !== P_META ||
    page.readUInt32LE(24) !== MAGIC ||
    page.readUInt32LE(28) !== DATA_VERSION
  ) {
    throw new Error('data.mdb is not a data file of this server, or is damaged; restore it from a backup')
  }
  return {
    pageSize: page.readUInt32LE(48),
    lastPage: Number(page.readBigUInt64LE(144)),
    transaction: page.readBigUInt64LE(152),
  }
}
