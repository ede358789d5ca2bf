/** The LMDB library behind one narrow door: how it is opened, how a group of commits is written, what its errors mean. */
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import type { CofferError } from '../../errors/coffer-error.ts'
import { storageErrors } from '../../errors/storage.ts'
import type { GroupMember } from '../commit-queue.ts'
import type { Sequence } from '../driver.ts'
import { checkDataFile } from './lmdb-file.ts'
import { type Half, keyIn, SECOND } from './lmdb-halves.ts'

export type LmdbKey = string | Uint8Array
export type Database = RootDatabase<Uint8Array, LmdbKey>
export type ReadTransaction = ReturnType<Database['useReadTransaction']>

/** The environment as one thread reads it. */
export interface ReadEnvironment {
  readonly path: string
  readonly maxKeyBytes: number
  readonly db: Database
  /** Open read transactions; the environment must not be closed under them. */
  readonly readers: Set<{ abandon(): void }>
}

export interface Environment extends ReadEnvironment {
  readonly mapSize: number
  /** By which the data file was too short when it was opened. */
  readonly missingBytes: number
  /** Writes all in one LMDB transaction, and what `note` adds to it; resolves after the fsync. */
  write(half: Half, group: readonly GroupMember[], note: (group: readonly GroupMember[]) => void): Promise<void>
  close(): Promise<void>
}

/** No key in UTF-8 starts with this byte, so the driver's own entry stands after and apart from all keys. */
export const END_OF_KEYS: Uint8Array = Uint8Array.of(0xff)
export const SEQUENCE_KEY: Uint8Array = Uint8Array.of(0xff, 0x01)

/** The library takes 1978; one byte says in which half a key stands, and one is left out so that the number is even. */
export const MAX_KEY_BYTES = 1976
const DEFAULT_MAP_SIZE = 64 * 2 ** 30

/** Keys as their UTF-8 bytes, written into the library's own buffer without a copy between. */
const keyEncoder = {
  writeKey(key: LmdbKey, target: Buffer, position: number): number {
    if (typeof key === 'string') return position + target.write(key, position, 'utf8')
    target.set(key, position)
    return position + key.length
  },
  readKey(source: Buffer, start: number, end: number): LmdbKey {
    // The driver's own entries.
    if (source[start] === END_OF_KEYS[0]) return Uint8Array.prototype.slice.call(source, start, end)
    return source.toString('utf8', source[start] === SECOND ? start + 1 : start, end)
  },
}

/** Throws `STORAGE_CANNOT_OPEN`. */
export function openEnvironment(path: string, mapSize = DEFAULT_MAP_SIZE): Environment {
  let db: Database
  let missingBytes: number
  try {
    missingBytes = checkDataFile(join(path, 'data.mdb'))
    db = openDatabase(path, mapSize)
  } catch (error) {
    throw storageErrors.CANNOT_OPEN(
      { path, why: error instanceof Error ? error.message : String(error) },
      { cause: error },
    )
  }
  const readers = new Set<{ abandon(): void }>()
  return {
    path,
    db,
    mapSize,
    missingBytes,
    readers,
    maxKeyBytes: MAX_KEY_BYTES,
    write: (half, group, note) => writeGroup(db, half, group, note),
    async close() {
      for (const reader of readers) reader.abandon()
      await db.close()
    },
  }
}

/** Opened in one thread more, the environment is the same: what one thread committed the others see. */
export function openDatabase(path: string, mapSize = DEFAULT_MAP_SIZE): Database {
  return open<Uint8Array, LmdbKey>({
    path,
    mapSize,
    // Without this a promise would resolve when a commit is visible, before it is on the disk.
    overlappingSync: false,
    noSubdir: false,
    encoding: 'binary',
    keyEncoder,
    // One slot for each snapshot of a different age that is open at once.
    maxReaders: 2048,
    // The driver forms groups itself; another turn of waiting in the library would only add delay.
    eventTurnBatching: false,
  })
}

async function writeGroup(
  db: Database,
  half: Half,
  group: readonly GroupMember[],
  note: (group: readonly GroupMember[]) => void,
): Promise<void> {
  let last: Sequence = 0
  await writeTogether(db, () => {
    for (const { sequence, writes } of group) {
      last = sequence
      for (const [key, value] of writes) {
        // The promises of single operations inside a batch say nothing that the batch's does not.
        if (value === undefined) void db.remove(keyIn(half, key))
        else void db.put(keyIn(half, key), value)
      }
    }
    void db.put(SEQUENCE_KEY, encodeSequence(last))
    note(group)
  })
}

/** All that `write` puts and removes in one LMDB transaction; resolves after the fsync. */
export async function writeTogether(db: Database, write: () => void): Promise<void> {
  const committed = db.batch(write)
  try {
    await committed
  } catch (error) {
    // The library rejects with a wrapper and delivers the reason in a promise of its own.
    if (error instanceof Error && 'commitError' in error) await error.commitError
    throw error
  }
}

export function encodeSequence(sequence: Sequence): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(8)
  bytes.writeBigUInt64BE(BigInt(sequence))
  return bytes
}

export function decodeSequence(bytes: Uint8Array | undefined): Sequence {
  if (bytes === undefined) return 0
  return Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0))
}

const EIO = 5
const EFBIG = 27
const ENOSPC = 28
const EDQUOT = 122
const MDB_MAP_FULL = -30792
const FULL_CODES: ReadonlySet<unknown> = new Set([ENOSPC, EFBIG, EDQUOT, MDB_MAP_FULL])
/** With less room than this, a write that failed half-way failed for want of it. */
const SCARCE_BYTES = 16 << 20

/** What a failed write or read of the library is to the callers of the driver. */
export function storageErrorOf(error: unknown, path: string): CofferError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  // A disk that fills up in the middle of a write makes it short, which the library reports as an input/output error.
  const full = FULL_CODES.has(code) || (code === EIO && isScarce(path))
  return (full ? storageErrors.FULL : storageErrors.UNAVAILABLE)(undefined, { cause: error })
}

function isScarce(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize < SCARCE_BYTES
  } catch {
    return false
  }
}
