/** A snapshot that comes in is put into a private file first: nothing is believed, and nothing changed, before all of it is here. */
import { mkdtemp, open, readdir, rm, statfs, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { snapshotErrors } from './errors.ts'
import type { ArchiveSource } from './read-archive.ts'

const PREFIX = 'snapshot-spool-'
/** Bytes between two looks at the disk, and what is left free on it. */
const LOOK_BYTES = 16 << 20
const RESERVE_BYTES = 64 << 20
const READ_BYTES = 256 << 10

export class Spool implements ArchiveSource, AsyncDisposable {
  readonly #folder: string
  readonly #file: FileHandle
  size = 0

  constructor(folder: string, file: FileHandle) {
    this.#folder = folder
    this.#file = file
  }

  /** Throws `SNAPSHOT_NO_ROOM` before the disk is full, or what the source throws. */
  async fill(source: AsyncIterable<Uint8Array>): Promise<void> {
    let unlooked = LOOK_BYTES
    for await (const chunk of source) {
      unlooked += chunk.length
      if (unlooked >= LOOK_BYTES) {
        await assertRoom(this.#folder, unlooked)
        unlooked = 0
      }
      for (let at = 0; at < chunk.length;) at += (await this.#file.write(chunk, at)).bytesWritten
      this.size += chunk.length
    }
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.size;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, this.size - at))
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) throw snapshotErrors.DAMAGED({ reason: 'it was cut while it was read' })
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** An empty one, below `parent`, of mode 0600 in a folder of mode 0700. */
export async function openSpool(parent: string): Promise<Spool> {
  const folder = await mkdtemp(join(parent, PREFIX))
  try {
    return new Spool(folder, await open(join(folder, 'snapshot'), 'wx+', 0o600))
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Removes what a server that was killed left behind. Only where no other server uses the folder. */
export async function clearScratch(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch((): string[] => []))
    if (/^snapshot-(?:spool|drill)-/.test(name)) await rm(join(parent, name), { recursive: true, force: true })
}

/** Throws `SNAPSHOT_NO_ROOM` where `bytes` more would not fit. */
export async function assertRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes + RESERVE_BYTES) throw snapshotErrors.NO_ROOM({ bytes })
}
