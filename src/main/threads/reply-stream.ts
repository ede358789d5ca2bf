/** In the main thread: a reply's body that comes in pieces, of which a thread asks for one at a time. */
import type { ToThread } from './messages.ts'

export class ReplyStream {
  readonly #id: number
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #post: (message: ToThread) => void

  constructor(id: number, body: AsyncIterable<Uint8Array>, post: (message: ToThread) => void) {
    this.#id = id
    this.#pieces = body[Symbol.asyncIterator]()
    this.#post = post
  }

  /** Resolves to whether there may be more. Never rejects. */
  async next(): Promise<boolean> {
    try {
      const { done, value } = await this.#pieces.next()
      this.#post({ kind: 'piece', id: this.#id, bytes: done === true ? undefined : value })
      return done !== true
    } catch {
      this.#post({ kind: 'piece', id: this.#id, bytes: undefined, failed: true })
      return false
    }
  }

  /** Nobody wants the rest. Never rejects. */
  async end(): Promise<void> {
    try {
      await this.#pieces.return?.()
    } catch {
      // Whatever ended it, it has ended.
    }
  }
}
