/** Tasks that are due, by mount, taken in turns: an engine that hangs must not hold up the others. */
import type { DuePlace } from './lease-keys.ts'

export interface Task {
  readonly place: DuePlace
  /** Uuid of the mount; empty for tokens. */
  readonly group: string
}

export interface QueueLimits {
  /** Tasks that run at once, altogether and of one mount. */
  readonly workers: number
  readonly perMount: number
  /** Tasks of one mount that are held in memory. */
  readonly held: number
}

interface Group {
  readonly waiting: Task[]
  running: number
  /** Tasks were turned away. */
  refused: boolean
}

export class DueQueue {
  readonly #limits: QueueLimits
  readonly #groups = new Map<string, Group>()
  readonly #claimed = new Set<string>()
  #running = 0
  /** A mount that had to turn tasks away has room again: they are still in the index. */
  hungry = false

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** False where the mount's share is full already. One that is held already counts as taken. */
  offer(task: Task): boolean {
    const { ref } = task.place
    if (this.#claimed.has(ref)) return true
    const group = this.#groups.get(task.group) ?? { waiting: [], running: 0, refused: false }
    if (group.waiting.length >= this.#limits.held) {
      group.refused = true
      return false
    }
    this.#groups.set(task.group, group)
    this.#claimed.add(ref)
    group.waiting.push(task)
    return true
  }

  /** The next task to run; undefined when all workers of those who have work are busy. */
  take(): Task | undefined {
    if (this.#running >= this.#limits.workers) return undefined
    for (const [name, group] of this.#groups) {
      if (group.running >= this.#limits.perMount) continue
      const task = group.waiting.shift()
      if (task === undefined) continue
      if (group.refused && group.waiting.length === 0) {
        group.refused = false
        this.hungry = true
      }
      // To the end of the line.
      this.#groups.delete(name)
      this.#groups.set(name, group)
      group.running++
      this.#running++
      return task
    }
    return undefined
  }

  /** The task has run. Until `release` it is not offered again. */
  done(task: Task): void {
    const group = this.#groups.get(task.group)
    if (group === undefined) return
    group.running--
    this.#running--
    if (group.running === 0 && group.waiting.length === 0) this.#groups.delete(task.group)
  }

  release(task: Task): void {
    this.#claimed.delete(task.place.ref)
  }

  has(ref: string): boolean {
    return this.#claimed.has(ref)
  }

  get idle(): boolean {
    return this.#groups.size === 0
  }
}
