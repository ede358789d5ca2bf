/** Whether an archive came whole, for whoever cannot know more: it may be of another program, which speaks the same API. */
import { ByteReader } from './byte-reader.ts'
import { SEALED } from './format.ts'
import type { ArchiveSource } from './read-archive.ts'
import { readTarHeader, skipTarContent } from './tar.ts'
import { gunzip } from './zlib-stream.ts'

/** Its last member is there and holds something. Throws `SNAPSHOT_NOT_ONE` or `SNAPSHOT_DAMAGED` for what is no archive. */
export async function isComplete(source: ArchiveSource): Promise<boolean> {
  const reader = new ByteReader(gunzip(source.bytes(), source.size))
  try {
    for (;;) {
      const member = await readTarHeader(reader)
      if (member.name === SEALED) return member.size > 0
      await skipTarContent(reader, member)
    }
  } finally {
    await reader.close()
  }
}
