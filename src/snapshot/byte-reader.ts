import { snapshotErrors } from './errors.ts'

/** Takes bytes off a stream in the portions that are asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** Exactly `length` bytes, the caller's own. Throws `SNAPSHOT_DAMAGED` where the stream ends before. */
  async take(length: number): Promise<Buffer> {
    const out = Buffer.allocUnsafeSlow(length)
    let filled = 0
    while (filled < length) {
      if (this.#rest.length === 0 && !(await this.#more()))
        throw snapshotErrors.DAMAGED({ reason: 'it ends too early' })
      const part = this.#rest.subarray(0, length - filled)
      out.set(part, filled)
      filled += part.length
      this.#rest = this.#rest.subarray(part.length)
    }
    return out
  }

  /** Throws `SNAPSHOT_DAMAGED` where the stream ends before. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more()))
        throw snapshotErrors.DAMAGED({ reason: 'it ends too early' })
      const part = Math.min(left, this.#rest.length)
      left -= part
      this.#rest = this.#rest.subarray(part)
    }
  }

  async atEnd(): Promise<boolean> {
    while (this.#rest.length === 0) if (!(await this.#more())) return true
    return false
  }

  /** Whoever reads no further says so, and the source ends. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next()
    if (next.done === true) return false
    this.#rest = next.value
    return true
  }
}
