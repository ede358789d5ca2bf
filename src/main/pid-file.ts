import { rmSync, writeFileSync } from 'node:fs'

/** Holds the process id from `write` until the server has ended in order. */
export class PidFile implements Disposable {
  readonly #path: string | undefined
  #written = false

  /** Undefined: none is wanted. */
  constructor(path: string | undefined) {
    this.#path = path
  }

  /** Throws a sentence if it cannot be written. */
  write(): void {
    if (this.#path === undefined) return
    try {
      writeFileSync(this.#path, `${process.pid}\n`, { mode: 0o644 })
      this.#written = true
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      throw new Error(`pid_file ${this.#path} cannot be written (${why})`, { cause: error })
    }
  }

  [Symbol.dispose](): void {
    if (this.#path !== undefined && this.#written) rmSync(this.#path, { force: true })
  }
}
