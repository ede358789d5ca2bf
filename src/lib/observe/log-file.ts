/** A log file that is renamed when it has grown too large or too old, and its old ones counted. */
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { FileSink, type LogSink } from './sink.ts'

export interface Rotation {
  /** 0 is no limit. */
  readonly maxBytes: number
  /** ms; 0 is no limit. */
  readonly maxAge: number
  /** Old files to keep; 0 keeps all, a negative number none. */
  readonly keep: number
}

export class LogFile implements LogSink {
  readonly #path: string
  readonly #rotation: Rotation
  readonly #clock: Clock
  readonly #file: FileSink
  #size = 0
  /** Wall clock, ms. */
  #since = 0
  #rotating: Promise<void> | undefined
  #lastStamp = 0n

  private constructor(path: string, rotation: Rotation, clock: Clock, file: FileSink) {
    this.#path = path
    this.#rotation = rotation
    this.#clock = clock
    this.#file = file
  }

  /** Rejects with the file system's error. */
  static async open(path: string, rotation: Rotation, clock: Clock): Promise<LogFile> {
    const file = new LogFile(path, rotation, clock, await FileSink.open(path))
    await file.#measure()
    await file.#prune()
    return file
  }

  write(line: string): void {
    this.#file.write(line)
    this.#size += Buffer.byteLength(line)
    if (this.#rotating === undefined && this.#isDue()) this.#rotating = this.#rotate()
  }

  /** For one that was renamed by somebody else. */
  async reopen(): Promise<void> {
    await this.#rotating
    await this.#file.reopen()
    await this.#measure()
  }

  async flush(): Promise<void> {
    await this.#rotating
    await this.#file.flush()
  }

  async close(): Promise<void> {
    await this.#rotating
    await this.#file.close()
  }

  #isDue(): boolean {
    const { maxBytes, maxAge } = this.#rotation
    return (maxBytes > 0 && this.#size >= maxBytes) || (maxAge > 0 && this.#clock.now() - this.#since >= maxAge)
  }

  /** Never rejects: a log that cannot be rotated goes on in the old file. */
  async #rotate(): Promise<void> {
    this.#size = 0
    this.#since = this.#clock.now()
    try {
      await this.#file.flush()
      await rename(this.#path, this.#archive(this.#stamp()))
      await this.#file.reopen()
      await this.#prune()
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      this.#file.write(
        `${new Date(this.#clock.now()).toISOString()} [ERROR] log: the log file could not be rotated: cause=${why}\n`,
      )
    } finally {
      this.#rotating = undefined
    }
  }

  async #measure(): Promise<void> {
    const { size, birthtimeMs } = await stat(this.#path)
    this.#size = size
    // Some file systems don't know when a file was made.
    this.#since = size > 0 && birthtimeMs > 0 ? birthtimeMs : this.#clock.now()
  }

  /** Nanoseconds, as Vault names old files; never the same twice, so that none is written over. */
  #stamp(): string {
    const now = BigInt(Math.floor(this.#clock.now())) * 1_000_000n
    this.#lastStamp = now > this.#lastStamp ? now : this.#lastStamp + 1n
    return String(this.#lastStamp)
  }

  #archive(stamp: string): string {
    const extension = extname(this.#path)
    return join(dirname(this.#path), `${basename(this.#path, extension)}-${stamp}${extension}`)
  }

  async #prune(): Promise<void> {
    const { keep } = this.#rotation
    if (keep === 0) return
    const extension = extname(this.#path)
    const stem = `${basename(this.#path, extension)}-`
    const old = (await readdir(dirname(this.#path)))
      .filter(
        (name) =>
          name.startsWith(stem) &&
          name.endsWith(extension) &&
          /^\d{13,}$/.test(name.slice(stem.length, name.length - extension.length)),
      )
      .toSorted()
    const surplus = keep < 0 ? old : old.slice(0, Math.max(old.length - keep, 0))
    for (const name of surplus) await rm(join(dirname(this.#path), name), { force: true })
  }
}
