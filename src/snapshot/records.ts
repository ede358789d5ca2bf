/**
 * Stored entries as one stream of bytes, that can be cut anywhere:
 *
 *     length of the key (2 bytes) | key, UTF-8 | length of the value (4 bytes) | value      all lengths big endian
 *
 * Keys stand in the order of their bytes, each once.
 */
import type { Entry } from '../storage/driver.ts'
import { compareKeys } from '../storage/key-order.ts'
import { snapshotErrors } from './errors.ts'

const KEY_HEAD = 2
const VALUE_HEAD = 4
/** More than any driver takes: a length beyond it is no length. */
const MOST_VALUE_BYTES = 128 << 20

/** Puts records into pieces of equal size. */
export class RecordWriter {
  readonly #pieceBytes: number
  #piece: Buffer
  #filled = 0
  entries = 0
  bytes = 0

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes
    this.#piece = Buffer.allocUnsafeSlow(pieceBytes)
  }

  /** The pieces that became full. */
  *add([key, value]: Entry): Generator<Buffer> {
    const name = Buffer.from(key)
    const head = Buffer.allocUnsafe(KEY_HEAD + name.length + VALUE_HEAD)
    head.writeUInt16BE(name.length)
    head.set(name, KEY_HEAD)
    head.writeUInt32BE(value.length, KEY_HEAD + name.length)
    this.entries++
    yield* this.#put(head)
    yield* this.#put(value)
  }

  /** What the last piece has; undefined where it is empty. */
  end(): Buffer | undefined {
    return this.#filled === 0 ? undefined : this.#piece.subarray(0, this.#filled)
  }

  *#put(bytes: Uint8Array): Generator<Buffer> {
    this.bytes += bytes.length
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#pieceBytes - this.#filled)
      this.#piece.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled < this.#pieceBytes) continue
      yield this.#piece
      this.#piece = Buffer.allocUnsafeSlow(this.#pieceBytes)
      this.#filled = 0
    }
  }
}

type Wanted = 'key length' | 'key' | 'value length' | 'value'

/** Takes records out of pieces. */
export class RecordReader {
  #wanted: Wanted = 'key length'
  #part: Buffer = Buffer.allocUnsafeSlow(KEY_HEAD)
  #filled = 0
  #key = ''
  #last = ''
  entries = 0
  bytes = 0

  /** The entries that became whole. Throws `SNAPSHOT_DAMAGED`. */
  add(piece: Uint8Array): Entry[] {
    const out: Entry[] = []
    this.bytes += piece.length
    let at = 0
    // A value may be empty: then it is whole without a further byte.
    while (at < piece.length || (this.#wanted === 'value' && this.#part.length === 0)) {
      const part = piece.subarray(at, at + this.#part.length - this.#filled)
      this.#part.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === this.#part.length) this.#whole(out)
    }
    return out
  }

  /** Throws `SNAPSHOT_DAMAGED` where an entry is cut. */
  end(): void {
    if (this.#wanted !== 'key length' || this.#filled > 0)
      throw snapshotErrors.DAMAGED({ reason: 'its last entry is cut off' })
  }

  #whole(out: Entry[]): void {
    const part = this.#part
    switch (this.#wanted) {
      case 'key length':
        this.#want('key', part.readUInt16BE())
        if (this.#part.length === 0) throw snapshotErrors.DAMAGED({ reason: 'an entry has no key' })
        break
      case 'key':
        this.#key = keyOf(part, this.#last)
        this.#last = this.#key
        this.#want('value length', VALUE_HEAD)
        break
      case 'value length': {
        const length = part.readUInt32BE()
        if (length > MOST_VALUE_BYTES) throw snapshotErrors.DAMAGED({ reason: 'an entry is too long' })
        this.#want('value', length)
        break
      }
      case 'value':
        out.push([this.#key, part])
        this.entries++
        this.#want('key length', KEY_HEAD)
    }
  }

  #want(wanted: Wanted, length: number): void {
    this.#wanted = wanted
    this.#part = Buffer.allocUnsafeSlow(length)
    this.#filled = 0
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function keyOf(bytes: Uint8Array, last: string): string {
  let key: string
  try {
    key = utf8.decode(bytes)
  } catch {
    throw snapshotErrors.DAMAGED({ reason: 'the key of an entry is no text' })
  }
  if (last !== '' && compareKeys(key, last) <= 0)
    throw snapshotErrors.DAMAGED({ reason: 'its entries are out of order' })
  return key
}
