import { createReadStream, statSync } from 'node:fs'
import type { ArchiveSource } from './read-archive.ts'

/** An archive in a file. Throws where there is none. */
export function fileSource(path: string): ArchiveSource {
  return { size: statSync(path).size, bytes: () => createReadStream(path, { highWaterMark: 256 << 10 }) }
}
