/** The wire format of protocol buffers, as far as the messages of `etcd-messages.ts` need it. */

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Builds one message. Values are not copied before `finish`, however deep messages are nested. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = []
  #length = 0

  /** A whole number that is not negative; written also where it is 0, which is what a comparison needs. */
  int(field: number, value: number): this {
    this.#varint(field * 8 + VARINT)
    this.#varint(value)
    return this
  }

  flag(field: number, value: boolean): this {
    return value ? this.int(field, 1) : this
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + BYTES)
    this.#varint(value.byteLength)
    this.#push(value)
    return this
  }

  message(field: number, value: MessageWriter): this {
    this.#varint(field * 8 + BYTES)
    this.#varint(value.#length)
    for (const part of value.#parts) this.#push(part)
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts, this.#length)
  }

  #varint(value: number): void {
    const out: number[] = []
    let rest = value
    while (rest >= 0x80) {
      out.push((rest % 0x80) + 0x80)
      rest = Math.floor(rest / 0x80)
    }
    out.push(rest)
    this.#push(Uint8Array.from(out))
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part)
    this.#length += part.byteLength
  }
}

/** One field of a message: `int` of a number, `bytes` of anything with a length. */
export interface Field {
  readonly id: number
  readonly int: number
  readonly bytes: Buffer
}

const NO_BYTES = Buffer.alloc(0)

/** The fields in the order they stand in. Throws a `RangeError` where the message ends too early. */
export function* fieldsOf(message: Buffer): Generator<Field> {
  const cursor = new Cursor(message)
  while (cursor.left > 0) {
    const tag = cursor.varint()
    const id = Math.floor(tag / 8)
    switch (tag % 8) {
      case VARINT:
        yield { id, int: cursor.varint(), bytes: NO_BYTES }
        break
      case BYTES:
        yield { id, int: 0, bytes: cursor.take(cursor.varint()) }
        break
      case FIXED64:
        cursor.take(8)
        break
      case FIXED32:
        cursor.take(4)
        break
      default:
        throw new RangeError('a message has a field of a kind that is not known')
    }
  }
}

class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(length: number): Buffer {
    if (length > this.left) throw new RangeError('a message ends too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** Exact up to 2^53; what is larger (the numbers of a cluster and its members) nobody reads. */
  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('a message ends too early')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
}
