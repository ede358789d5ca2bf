/** gzip as steps between async iterables, with back-pressure; whoever stops reading ends the source, too. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip, type Gunzip, type Gzip } from 'node:zlib'
import { snapshotErrors } from './errors.ts'

const OUTPUT_BYTES = 128 << 10

/** Most of an archive is ciphertext, which no effort makes smaller. */
export function gzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return through(source, createGzip({ level: 1, chunkSize: OUTPUT_BYTES }), undefined)
}

/** `size` is that of the whole source. Throws `SNAPSHOT_DAMAGED` where it ends early, is no gzip, or something follows its end. */
export function gunzip(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  return through(source, createGunzip({ chunkSize: OUTPUT_BYTES }), size)
}

async function* through(
  source: AsyncIterable<Uint8Array>,
  zlib: Gzip | Gunzip,
  size: number | undefined,
): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: true, highWaterMark: 1 })
  const done = pipeline(input, zlib)
  // Also told by the iteration; here it must only not count as unnoticed.
  done.catch(() => undefined)
  try {
    for await (const chunk of zlib) if (chunk instanceof Uint8Array) yield chunk
    // The library ignores what follows the end, and then never finishes its input.
    if (size !== undefined && zlib.bytesWritten !== size)
      throw snapshotErrors.DAMAGED({ reason: 'something follows its end' })
  } catch (error) {
    throw isZlibError(error) ? snapshotErrors.DAMAGED({ reason: 'it cannot be decompressed' }, { cause: error }) : error
  } finally {
    zlib.destroy()
    input.destroy()
    await done.catch(() => undefined)
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}
