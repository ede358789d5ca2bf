/**
 * Messages of a WebSocket as a reply's body, which is bytes: so they pass from the leader's core through nodes and threads to the listener
 * that holds the socket. A message is a letter for its kind, four bytes of length, and its content.
 */
import type { WireReply } from './wire.ts'

export type StreamMessage =
  | { readonly kind: 'text'; readonly content: Uint8Array }
  | { readonly kind: 'binary'; readonly content: Uint8Array }
  /** The last one. Codes as in RFC 6455, 7.4. */
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }

/** The status of a reply whose body is such messages, and the header by which a listener knows it. */
export const SWITCHING = 101
export const UPGRADE_HEADERS: WireReply['headers'] = [['Upgrade', 'websocket']]

const LETTERS = { text: 0x74, binary: 0x62, close: 0x63 } as const
const HEAD = 5
/** No event is nearly as long. */
const LONGEST = 1 << 20

export function encodeMessage(message: StreamMessage): Uint8Array {
  const content = message.kind === 'close' ? closeContent(message.code, message.reason) : message.content
  const out = Buffer.allocUnsafe(HEAD + content.length)
  out.writeUInt8(LETTERS[message.kind], 0)
  out.writeUInt32BE(content.length, 1)
  out.set(content, HEAD)
  return out
}

/** The messages of a body, whose pieces need not be theirs. Throws for what is none. */
export async function* decodeMessages(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamMessage> {
  let held: Buffer = Buffer.alloc(0)
  for await (const piece of body) {
    held = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece])
    for (let message = first(held); message !== undefined; message = first(held)) {
      held = held.subarray(message.length)
      yield message.decoded
    }
  }
  if (held.length > 0) throw new Error('the stream of messages ends inside one')
}

function first(bytes: Buffer): { readonly decoded: StreamMessage; readonly length: number } | undefined {
  if (bytes.length < HEAD) return undefined
  const size = bytes.readUInt32BE(1)
  if (size > LONGEST) throw new Error('a message is too long')
  const length = HEAD + size
  if (bytes.length < length) return undefined
  return { decoded: decode(bytes[0] ?? 0, bytes.subarray(HEAD, length)), length }
}

function decode(letter: number, content: Buffer): StreamMessage {
  switch (letter) {
    case LETTERS.text:
      return { kind: 'text', content }
    case LETTERS.binary:
      return { kind: 'binary', content }
    case LETTERS.close:
      return { kind: 'close', code: content.readUInt16BE(), reason: content.toString('utf8', 2) }
    default:
      throw new Error('a message is of no known kind')
  }
}

function closeContent(code: number, reason: string): Uint8Array {
  const out = Buffer.alloc(2 + Buffer.byteLength(reason))
  out.writeUInt16BE(code)
  out.write(reason, 2)
  return out
}
