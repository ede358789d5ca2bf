/** The latest moves of mounts, for `sys/remount/status/:id`. Kept in memory: a move is done when its request is answered. */
import type { MoveStatus } from '../request/system-ports.ts'

const KEPT = 1000

export class MoveLog {
  readonly #moves = new Map<string, MoveStatus>()

  record(status: MoveStatus): void {
    this.#moves.set(status.id, Object.freeze(status))
    const [oldest] = this.#moves.keys()
    if (this.#moves.size > KEPT && oldest !== undefined) this.#moves.delete(oldest)
  }

  get(id: string): MoveStatus | undefined {
    return this.#moves.get(id)
  }
}
