/** A folder as one compressed archive, put in place once it is whole. */
import { createReadStream, createWriteStream, globSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

export async function bundle(folder: string, file: string): Promise<void> {
  const part = `${file}.part`
  try {
    await pipeline(Readable.from(archive(folder)), createGzip(), createWriteStream(part, { mode: 0o600, flush: true }))
    renameSync(part, file)
  } finally {
    rmSync(part, { force: true })
  }
}

async function* archive(folder: string): AsyncGenerator<Buffer> {
  const { tarEnd, tarHeader, tarPadding } = await import('../../../snapshot/index.ts')
  const names = globSync('**/*', { cwd: folder }).toSorted()
  for (const name of names) {
    const path = join(folder, name)
    const { size, mtimeMs } = statSync(path)
    if (!statSync(path).isFile()) continue
    yield tarHeader(`${basename(folder)}/${name}`, size, mtimeMs / 1000)
    // Nobody writes to it any more.
    for await (const piece of createReadStream(path)) yield piece
    yield tarPadding(size)
  }
  yield tarEnd()
}
