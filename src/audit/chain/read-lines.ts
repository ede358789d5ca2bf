/** The lines of a log, read as they come: files may be larger than the memory. */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

const LINE_FEED = 0x0a
/** Longer than any entry that a server takes down. */
const MAX_LINE_BYTES = 512 * 1024 * 1024

/** Without their line feeds. `cut`: the last one has none. Of a `.gz` file, what it was made of. */
export async function* readLines(path: string): AsyncGenerator<{ readonly line: Buffer; readonly cut: boolean }> {
  let waiting: Buffer[] = []
  let length = 0
  for await (const piece of bytesOf(path)) {
    let start = 0
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      const rest = piece.subarray(start, end)
      yield { line: waiting.length === 0 ? rest : Buffer.concat([...waiting, rest]), cut: false }
      waiting = []
      length = 0
      start = end + 1
    }
    if (start === piece.length) continue
    waiting.push(piece.subarray(start))
    length += piece.length - start
    if (length > MAX_LINE_BYTES) throw new Error('a line is too long to be one of an audit log')
  }
  if (waiting.length > 0) yield { line: Buffer.concat(waiting), cut: true }
}

async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  const file = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 })
  const source: Readable = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  // Piping does not pass errors on.
  if (source !== file) file.on('error', (error) => source.destroy(error))
  for await (const piece of source) yield Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece))
}
