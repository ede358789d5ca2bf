/**
 * A file that grows. Opened at first need and, where it went bad, again: a disk that was full or away needs no
 * restart.
 */
import * as fs from 'node:fs'
import { promisify } from 'node:util'
import type { Awaitable } from '../../lib/awaitable.ts'
import type { LastLine, Sink } from '../sink.ts'
import { appendLater, AppendError, appendNow, codeOf } from './append.ts'
import { assertAuditFile, refused, resolveAuditPath } from './file-guard.ts'
import { readLastLine } from './last-line.ts'
import { OpenFile } from './open-file.ts'

export interface FileSinkOptions {
  readonly path: string
  /** 0 leaves an existing file's mode as it is. */
  readonly mode: number
  readonly forbiddenFolders: readonly string[]
}

const { O_APPEND, O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = fs.constants
const FLAGS = O_APPEND | O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

/** statfs(2) types of file systems that don't wait for a network: ext, xfs, btrfs, tmpfs, overlay, zfs, f2fs; APFS. */
const LOCAL = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0x1a])

const lineFeed = Buffer.from('\n')

const openFd = promisify(fs.open)
const stat = promisify(fs.fstat)
const chmod = promisify(fs.fchmod)
const statfs = promisify(fs.statfs)

export class FileSink implements Sink {
  readonly #options: FileSinkOptions
  #file: OpenFile | undefined
  #torn = false

  constructor(options: FileSinkOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    if (this.#file === undefined) await this.reopen()
  }

  write(lines: Uint8Array): Awaitable<void> {
    const file = this.#file
    if (file?.local !== true) return this.#writeLater(lines)
    try {
      appendNow(file.fd, file.path, this.#whole(lines))
      this.#torn = false
      return undefined
    } catch (error) {
      return this.#retry(error, lines)
    }
  }

  async reopen(): Promise<void> {
    const file = await openFile(this.#options)
    this.#file?.retire()
    this.#file = file
    this.#torn = false
  }

  /** Rejects with `AUDIT_FILE_REFUSED`. */
  async lastLine(): Promise<LastLine | 'empty' | undefined> {
    await this.open()
    const file = this.#file
    return file === undefined ? undefined : readLastLine(file.path)
  }

  async close(): Promise<void> {
    this.#file?.retire()
    this.#file = undefined
  }

  async #writeLater(lines: Uint8Array): Promise<void> {
    await this.open()
    try {
      await this.#append(lines)
    } catch (error) {
      await this.#retry(error, lines)
    }
  }

  /** Once, with the file opened anew, unless there is no room. */
  async #retry(error: unknown, lines: Uint8Array): Promise<void> {
    this.#noteTear(error)
    if (!(error instanceof AppendError) || error.full) throw error
    await this.reopen()
    try {
      await this.#append(lines)
    } catch (again) {
      this.#noteTear(again)
      throw again
    }
  }

  async #append(lines: Uint8Array): Promise<void> {
    const file = this.#file
    if (file === undefined) throw refused('was closed')
    await file.hold(() => appendLater(file.fd, file.path, this.#whole(lines)))
    if (this.#file === file) this.#torn = false
  }

  #noteTear(error: unknown): void {
    if (error instanceof AppendError && error.torn) this.#torn = true
  }

  #whole(lines: Uint8Array): Uint8Array {
    return this.#torn ? Buffer.concat([lineFeed, lines]) : lines
  }
}

async function openFile(options: FileSinkOptions): Promise<OpenFile> {
  const path = await resolveAuditPath(options.path, options.forbiddenFolders)
  const fd = await openChecked(path, options.mode)
  return new OpenFile(fd, path, await isLocal(path))
}

async function openChecked(path: string, mode: number): Promise<number> {
  let fd: number
  try {
    fd = await openFd(path, FLAGS, mode === 0 ? 0o600 : mode)
  } catch (error) {
    throw refused(`can't be opened for writing: ${codeOf(error)}`)
  }
  try {
    assertAuditFile(await stat(fd))
    if (mode !== 0) await chmod(fd, mode)
    return fd
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
}

/** What can't be told is taken for remote: slower, but it holds up nobody. */
async function isLocal(path: string): Promise<boolean> {
  try {
    return LOCAL.has((await statfs(path)).type)
  } catch {
    return false
  }
}
