/**
 * How a request and a reply travel between nodes: four bytes that tell the length of a JSON head, the head, then the body as it is.
 * The head of HTTP itself stays empty, so nothing of the client's can be taken for something of ours.
 */
import type { Readable } from 'node:stream'

const LENGTH_BYTES = 4
/** A head is a request's target and headers, which listeners limit to a fraction of this. */
const MAX_HEAD_BYTES = 1 << 20

export function frameHead(head: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(head))
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + json.length)
  frame.writeUInt32BE(json.length)
  json.copy(frame, LENGTH_BYTES)
  return frame
}

/** Reads the head of a frame; the rest of the stream is the body. Rejects for what is no frame. */
export async function readFrame(
  stream: Readable,
): Promise<{ readonly head: unknown; readonly body: AsyncGenerator<Uint8Array> }> {
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  const take = async (bytes: number): Promise<Buffer> => {
    while (held.length < bytes) {
      const next = await chunks.next()
      if (next.done === true) throw new Error('the frame ends too early')
      held = held.length === 0 ? Buffer.from(next.value) : Buffer.concat([held, next.value])
    }
    const taken = held.subarray(0, bytes)
    held = held.subarray(bytes)
    return taken
  }
  const length = (await take(LENGTH_BYTES)).readUInt32BE()
  if (length > MAX_HEAD_BYTES) throw new Error('the head of the frame is too long')
  const head: unknown = JSON.parse((await take(length)).toString())
  return { head, body: rest(held, chunks) }
}

async function* rest(held: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (held.length > 0) yield held
    for (;;) {
      const next = await chunks.next()
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await chunks.return?.()
  }
}
