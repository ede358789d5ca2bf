/** Appends bytes to an open file, all or nothing as far as a file system allows. */
import * as fs from 'node:fs'
import { promisify } from 'node:util'

export const writeAsync = promisify(fs.write)

/** A failed append; `torn` if part of it stays in the file, so that what follows must start with a line feed. */
export class AppendError extends Error {
  readonly torn: boolean

  constructor(cause: unknown, torn: boolean) {
    super('the file took no more', { cause })
    this.name = 'AppendError'
    this.torn = torn
  }

  /** No space, no quota, or the largest size a file may have: trying again at once is no use. */
  get full(): boolean {
    return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(this.cause))
  }
}

export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''
}

/** For files on local disks, where a write ends in the page cache: cheaper than a trip to the thread pool. */
export function appendNow(fd: number, path: string, bytes: Uint8Array): void {
  let done = 0
  try {
    while (done < bytes.length) done += fs.writeSync(fd, bytes, done)
  } catch (error) {
    throw new AppendError(error, done > 0 && !takeBack(fd, path, bytes.subarray(0, done)))
  }
}

/** For what may block: the caller bounds the wait. */
export async function appendLater(fd: number, path: string, bytes: Uint8Array): Promise<void> {
  let done = 0
  try {
    while (done < bytes.length) done += (await writeAsync(fd, bytes, done, bytes.length - done, null)).bytesWritten
  } catch (error) {
    throw new AppendError(error, done > 0 && !takeBack(fd, path, bytes.subarray(0, done)))
  }
}

/** Cuts off `tail`, if the file still ends with it: other threads append to the same file. */
function takeBack(fd: number, path: string, tail: Uint8Array): boolean {
  let reader: number | undefined
  try {
    reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW)
    const { size, ino, dev } = fs.fstatSync(fd)
    const seen = fs.fstatSync(reader)
    if (!seen.isFile() || seen.ino !== ino || seen.dev !== dev || size < tail.length) return false
    const end = Buffer.alloc(tail.length)
    if (fs.readSync(reader, end, 0, tail.length, size - tail.length) !== tail.length || !end.equals(tail)) return false
    fs.ftruncateSync(fd, size - tail.length)
    return true
  } catch {
    // It can't be mended: the next line starts on a line of its own.
    return false
  } finally {
    if (reader !== undefined) fs.closeSync(reader)
  }
}
