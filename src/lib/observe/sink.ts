/** Where log lines go: a file or an open descriptor, in order, without the caller waiting. */
import { close, open, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'

const openFile = promisify(open)
const closeFile = promisify(close)

export interface LogSink {
  write(line: string): void
}

/** Lines kept while the disk or terminal is slow; further ones are dropped and counted. */
const maxBuffered = 8 << 20

/** How long to wait when the other end of a pipe does not take more (EAGAIN), ms. */
const retryAfter = 20

export class FileSink implements LogSink {
  readonly #path: string | undefined
  #fd: number
  #buffer: string[] = []
  #buffered = 0
  #dropped = 0
  #writing = false
  #idle: (() => void)[] = []

  private constructor(fd: number, path: string | undefined) {
    this.#fd = fd
    this.#path = path
  }

  /** Appends to a file, made with mode 0600 if it is not there. */
  static async open(path: string): Promise<FileSink> {
    return new FileSink(await openFile(path, 'a', 0o600), path)
  }

  /** Writes to an open descriptor, such as 2; `close` leaves it open. */
  static of(fd: number): FileSink {
    return new FileSink(fd, undefined)
  }

  write(line: string): void {
    if (this.#buffered > maxBuffered) {
      this.#dropped++
      return
    }
    this.#buffer.push(line)
    this.#buffered += line.length
    if (!this.#writing) this.#start()
  }

  /** Opens the path again, after a rotation. The old file is kept if that fails (rejects). */
  async reopen(): Promise<void> {
    if (this.#path === undefined) return
    const fd = await openFile(this.#path, 'a', 0o600)
    await this.flush()
    const old = this.#fd
    this.#fd = fd
    // A write begun since `flush` still has the old descriptor.
    await this.flush()
    await closeFile(old)
  }

  /** Resolves once every line given so far is written. */
  async flush(): Promise<void> {
    if (!this.#writing) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Writes what is left without waiting; for the end of the process. */
  flushSync(): void {
    const text = this.#take()
    try {
      if (text !== '') writeSync(this.#fd, text)
    } catch {
      // Nowhere is left to say so.
    }
  }

  async close(): Promise<void> {
    await this.flush()
    if (this.#path !== undefined) await closeFile(this.#fd)
  }

  #start(): void {
    this.#writing = true
    // Lines of one turn of the event loop share a write.
    setImmediate(() => this.#next())
  }

  #next(): void {
    const text = this.#take()
    if (text === '') {
      this.#writing = false
      const waiting = this.#idle
      this.#idle = []
      for (const resolve of waiting) resolve()
    } else this.#put(Buffer.from(text), 0)
  }

  #put(bytes: Buffer, from: number): void {
    write(this.#fd, bytes, from, bytes.length - from, null, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.#put(bytes, from), retryAfter)
      else if (error === null && from + written < bytes.length) this.#put(bytes, from + written)
      // A full disk or closed pipe costs these lines; the next ones are tried again.
      else this.#next()
    })
  }

  #take(): string {
    let text = this.#buffer.join('')
    this.#buffer = []
    this.#buffered = 0
    if (this.#dropped > 0) {
      text += `${new Date().toISOString()} [WARN]  log: lines were dropped because the log is too slow: count=${this.#dropped}\n`
      this.#dropped = 0
    }
    return text
  }
}
