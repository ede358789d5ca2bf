/**
 * A lock in memory that threads share, for what takes a fraction of a microsecond. Whoever holds it can be ended by the thread that
 * started it, at any instruction: after a while it is taken from him.
 */
const FREE = 0
const HELD = 1
/** Held, and somebody sleeps until it is free. */
const AWAITED = 2

const SPINS = 100
/** ms; far longer than any holder needs, also one whose thread has just lost its processor. */
const PATIENCE = 100

export function lock(words: Int32Array, at: number): void {
  for (let spins = 0; spins < SPINS; spins++) if (Atomics.compareExchange(words, at, FREE, HELD) === FREE) return
  const began = performance.now()
  while (Atomics.exchange(words, at, AWAITED) !== FREE) {
    const left = PATIENCE - (performance.now() - began)
    if (left <= 0) return
    Atomics.wait(words, at, AWAITED, left)
  }
}

export function unlock(words: Int32Array, at: number): void {
  if (Atomics.exchange(words, at, FREE) === AWAITED) Atomics.notify(words, at, 1)
}
