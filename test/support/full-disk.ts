/**
 * Writes more into a store than there is room for, and prints what came of it: on a small disk, or, with `limit` as the second
 * argument, with a limit on the size of files. Run by a test in a process of its own.
 */
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { libc } from '../../src/lib/secure/libc.ts'
import type { ReadSet } from '../../src/storage/driver.ts'

const RLIMIT_FSIZE = 1
const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }

function limitFileSize(bytes: bigint): void {
  const limits = Buffer.alloc(16)
  limits.writeBigUInt64LE(bytes, 0)
  limits.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 8)
  if (libc()?.setrlimit(RLIMIT_FSIZE, limits) !== 0) throw new Error('setrlimit failed')
}

// The kernel sends SIGXFSZ at the limit; handled, the write fails with EFBIG instead.
process.on('SIGXFSZ', () => {})
const [, , path = '', mode] = process.argv
const driver = new LmdbDriver({ path })
await driver.commit(BLIND, new Map([['first', Uint8Array.of(1)]]))
const before = driver.sequence
if (mode === 'limit') limitFileSize(4n << 20n)

const refused = new Set<unknown>()
const snapshot = driver.snapshot()
const outcomes = await Promise.allSettled([
  driver.commit(BLIND, new Map([['small', Uint8Array.of(2)]])),
  driver.commit(BLIND, new Map([['big', new Uint8Array(16 << 20)]])),
  driver.commit(BLIND, new Map([['small2', Uint8Array.of(3)]])),
])
for (const outcome of outcomes) if (outcome.status === 'rejected') refused.add(outcome.reason.code)
const reads = { sequence: driver.sequence, keys: new Set(['big']), prefixes: new Set<string>() }
const conflictFree = await driver.commit(reads, new Map([['after', Uint8Array.of(4)]])).then(
  () => true,
  () => false,
)
snapshot.close()
const now = driver.snapshot()
console.log(
  JSON.stringify({
    refused: [...refused],
    smallAfterwards:
      now.get('small') !== undefined && now.get('small2') !== undefined && now.get('after') !== undefined,
    firstStillThere: now.get('first') !== undefined,
    bigAbsent: now.get('big') === undefined,
    conflictFree,
    sequenceGrew: driver.sequence > before,
  }),
)
now.close()
await driver.close()
