/** What fits into one transaction of etcd's. */
import type { GroupMember } from '../commit-queue.ts'
import type { WriteSet } from '../driver.ts'
import { encode, type LogRecord } from './etcd-layout.ts'
import type { Operation } from './etcd-messages.ts'
import { MAX_OPERATIONS } from './etcd-writer.ts'

/** Less the record of changes and the trimming of those. */
const MAX_WRITES = MAX_OPERATIONS - 2
const BYTES_PER_WRITE = 64
/** A record larger than this is written without its keys, which then counts as if any key had changed. */
const MAX_RECORD_BYTES = 256 << 10

/** Bytes of writes in one transaction; a key and a value of the greatest lengths fit. */
export function batchBytes(maxValueBytes: number): number {
  return maxValueBytes + (64 << 10)
}

/** How many of the commits, from the first on, go together; 0 where the first one alone is too large. */
export function fittingCommits(queue: readonly GroupMember[], maxBytes: number): number {
  let writes = 0
  let bytes = 0
  let count = 0
  for (const member of queue) {
    writes += member.writes.size
    if (writes > MAX_WRITES) break
    for (const [key, value] of member.writes) bytes += sizeOf(key, value)
    if (bytes > maxBytes) break
    count++
  }
  return count
}

/** One write for each key that any of the commits wrote: the last. */
export function merged(group: readonly GroupMember[]): WriteSet {
  const [first] = group
  if (first !== undefined && group.length === 1) return first.writes
  return new Map(group.flatMap(({ writes }) => [...writes]))
}

export function* inBatches(
  writes: Iterable<readonly [string, Uint8Array | undefined]>,
  keyOf: (key: string) => Buffer,
  maxBytes: number,
): Generator<Operation[]> {
  let batch: Operation[] = []
  let bytes = 0
  for (const [key, value] of writes) {
    const size = sizeOf(key, value)
    if (batch.length > 0 && (batch.length === MAX_WRITES || bytes + size > maxBytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(operationOf(keyOf(key), value))
    bytes += size
  }
  if (batch.length > 0) yield batch
}

export function operationOf(key: Buffer, value: Uint8Array | undefined): Operation {
  return value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value }
}

export function recordOf(before: number, group: readonly GroupMember[]): Buffer {
  const whole: LogRecord = {
    before,
    commits: group.map(({ sequence, writes }) => ({ sequence, keys: [...writes.keys()] })),
  }
  const bytes = encode(whole)
  if (bytes.length <= MAX_RECORD_BYTES) return bytes
  return encode({ before, commits: group.map(({ sequence }) => ({ sequence })) })
}

function sizeOf(key: string, value: Uint8Array | undefined): number {
  return Buffer.byteLength(key) + (value?.byteLength ?? 0) + BYTES_PER_WRITE
}
