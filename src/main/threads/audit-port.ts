/** In a thread: hands lines of audit devices whose chain the main thread keeps to it. */
import { auditErrors } from '../../errors/audit.ts'
import type { FromThread } from './messages.ts'

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

export class AuditPort {
  readonly #post: (message: FromThread) => void
  readonly #waiting = new Map<number, Waiting>()
  #last = 0

  constructor(post: (message: FromThread) => void) {
    this.#post = post
  }

  /** Rejects with `AUDIT_FAILED` where the device did not take them. */
  relay(device: string, lines: Uint8Array): Promise<void> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#post({ kind: 'audit', id, device, lines })
    })
  }

  receive(id: number, taken: boolean): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (taken) waiting?.resolve()
    else waiting?.reject(auditErrors.FAILED())
  }
}
