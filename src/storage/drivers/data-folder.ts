/** The folder of an embedded store: private to its user, and open to one server at a time. */
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { storageErrors } from '../../errors/storage.ts'
import { lockFile } from '../../lib/secure/libc.ts'

const LOCK_NAME = 'coffer.lock'

export interface DataFolder {
  readonly path: string
  /** Paths whose modes were wider than 0700 (the folder) or 0600 (files) and were tightened. */
  readonly tightened: readonly string[]
  release(): void
}

/**
 * Creates the folder where it is absent, sets modes whatever the umask, creates `files` empty where they are absent so that
 * the library that fills them cannot choose wider modes, and takes the lock.
 * Throws `STORAGE_IN_USE` or `STORAGE_CANNOT_OPEN`.
 */
export function openDataFolder(path: string, files: readonly string[]): DataFolder {
  const tightened: string[] = []
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    if (tighten(path, 0o700)) tightened.push(path)
    const release = takeLock(path)
    try {
      for (const name of files) if (createPrivate(join(path, name))) tightened.push(join(path, name))
    } catch (error) {
      release()
      throw error
    }
    return { path, tightened, release }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw storageErrors.CANNOT_OPEN({ path, why: error.message }, { cause: error })
    }
    throw error
  }
}

/** Returns whether the mode was wider. */
function tighten(path: string, mode: number): boolean {
  const wide = (statSync(path).mode & 0o777 & ~mode) !== 0
  if (wide) chmodSync(path, mode)
  return wide
}

function createPrivate(path: string): boolean {
  const fd = openSync(path, 'a', 0o600)
  try {
    const wide = (fstatSync(fd).mode & 0o177) !== 0
    if (wide) fchmodSync(fd, 0o600)
    return wide
  } finally {
    closeSync(fd)
  }
}

function takeLock(path: string): () => void {
  const file = join(path, LOCK_NAME)
  const lock = lockFile(file)
  if (lock === 'held') throw storageErrors.IN_USE({ path, holder: holderOf(file) })
  if (lock === 'unsupported') return takeLockByProcessId(path, file)
  // The file names its holder for the message of the one who comes second; what locks is the kernel's lock on it.
  fchmodSync(lock.fd, 0o600)
  writeFileSync(file, `${process.pid}\n`)
  return () => lock.free()
}

/** Where the kernel's lock cannot be had: the file's content decides, so two starts in the same instant can both pass. */
function takeLockByProcessId(path: string, file: string): () => void {
  createPrivate(file)
  const pid = Number(readFileSync(file, 'utf8').trim())
  if (pid > 0 && pid !== process.pid && isAlive(pid)) throw storageErrors.IN_USE({ path, holder: holderOf(file) })
  writeFileSync(file, `${process.pid}\n`)
  return () => writeFileSync(file, '')
}

function holderOf(file: string): string {
  const pid = readFileSync(file, 'utf8').trim()
  return pid === '' ? 'another process' : `process ${pid}`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
