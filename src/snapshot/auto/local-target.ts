import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { autoSnapshotErrors } from '../errors.ts'
import { ownSnapshots, type StoredSnapshot, type Target } from './target.ts'

export interface LocalOptions {
  readonly folder: string
  readonly filePrefix: string
  /** Bytes that all snapshots of this prefix may take together. */
  readonly maxSpace: number
}

const PART = '.part'
const READ_BYTES = 256 << 10

/** A folder of this machine. Files are private, and appear under their name only once they are whole and on the disk. */
export class LocalTarget implements Target {
  readonly #options: LocalOptions

  constructor(options: LocalOptions) {
    this.#options = options
  }

  urlOf(name: string): string {
    return pathToFileURL(join(this.#options.folder, name)).href
  }

  async write(name: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    const { folder } = this.#options
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await this.#clear()
    const path = join(folder, name)
    try {
      await this.#fill(path + PART, archive)
      await rename(path + PART, path)
    } catch (error) {
      await rm(path + PART, { force: true })
      throw error
    }
    const opened = await open(folder, 'r')
    try {
      await opened.sync()
    } finally {
      await opened.close()
    }
  }

  async list(): Promise<readonly StoredSnapshot[]> {
    const { folder, filePrefix } = this.#options
    const found: StoredSnapshot[] = []
    for (const name of await readdir(folder)) {
      const { size } = await stat(join(folder, name)).catch(() => ({ size: 0 }))
      found.push({ name, size })
    }
    return ownSnapshots(filePrefix, found)
  }

  read(name: string): AsyncIterable<Uint8Array> {
    return createReadStream(join(this.#options.folder, name), { highWaterMark: READ_BYTES })
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#options.folder, name), { force: true })
  }

  close(): void {}

  async #fill(path: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    const { maxSpace } = this.#options
    let taken = (await this.list()).reduce((total, { size }) => total + size, 0)
    const file = await open(path, 'wx', 0o600)
    try {
      for await (const chunk of archive) {
        taken += chunk.length
        if (taken > maxSpace) throw autoSnapshotErrors.MAX_SPACE({ max: maxSpace })
        for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten
      }
      await file.sync()
    } finally {
      await file.close()
    }
  }

  /** What a run that was killed left behind. */
  async #clear(): Promise<void> {
    const { folder, filePrefix } = this.#options
    for (const name of await readdir(folder)) {
      const whole = name.slice(0, -PART.length)
      const own = name.endsWith(PART) && ownSnapshots(filePrefix, [{ name: whole, size: 0 }]).length > 0
      if (own) await rm(join(folder, name), { force: true })
    }
  }
}
