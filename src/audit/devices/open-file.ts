import * as fs from 'node:fs'

/**
 * A file descriptor that is closed once nobody writes to it any more: the number is given to the next file that is
 * opened, so a write still under way must not outlive it.
 */
export class OpenFile {
  readonly fd: number
  /** Without links. */
  readonly path: string
  /** A write ends in this machine's memory. */
  readonly local: boolean
  #users = 0
  #retired = false

  constructor(fd: number, path: string, local: boolean) {
    this.fd = fd
    this.path = path
    this.local = local
  }

  async hold(use: () => Promise<void>): Promise<void> {
    this.#users++
    try {
      await use()
    } finally {
      this.#users--
      this.#closeIfDone()
    }
  }

  /** No new use; closed now, or at the end of the last one. */
  retire(): void {
    if (this.#retired) return
    this.#retired = true
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (this.#retired && this.#users === 0) fs.closeSync(this.fd)
  }
}
