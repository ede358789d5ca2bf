/** The end of a file of lines. */
import * as fs from 'node:fs/promises'
import { auditErrors } from '../../errors/audit.ts'
import type { LastLine } from '../sink.ts'

const LINE_FEED = 0x0a
const STEP = 64 * 1024
/** The longest line that is looked for. */
const MOST = 256 * 1024 * 1024

/** Undefined of a file without a whole line. Rejects with `AUDIT_FILE_REFUSED` where the last one is too long to be one of ours. */
export async function readLastLine(path: string): Promise<LastLine | 'empty' | undefined> {
  await using file = await fs.open(path, 'r')
  const { size } = await file.stat()
  if (size === 0) return 'empty'
  let tail = Buffer.alloc(0)
  while (tail.length < size) {
    if (tail.length > MOST) throw auditErrors.FILE_REFUSED({ reason: 'has a last line without an end' })
    const step = Buffer.alloc(Math.min(Math.max(STEP, tail.length), size - tail.length))
    await file.read(step, 0, step.length, size - tail.length - step.length)
    tail = Buffer.concat([step, tail])
    const end = tail.lastIndexOf(LINE_FEED)
    const start = end <= 0 ? -1 : tail.lastIndexOf(LINE_FEED, end - 1)
    if (end >= 0 && (start >= 0 || tail.length === size))
      return { bytes: tail.subarray(start + 1, end), torn: end < tail.length - 1 }
  }
  return undefined
}
