/**
 * Memory for keys, outside the JavaScript heap: between guard pages, read-only but while a key is put in or wiped, left out of
 * core dumps and locked against swapping. The kernel limits how much one may lock (RLIMIT_MEMLOCK), and libsodium says nothing
 * when the limit is used up; so keys share a few small regions, and `lockState` tells whether the kernel did lock them.
 */
import { readFileSync } from 'node:fs'
import sodium from 'sodium-native'

/** Bytes of a key. They read as zeros after `wipe`. */
export interface SecretBytes extends Disposable {
  /** Valid until `wipe`. Neither kept nor copied by those who use it; a write outside `change` ends the process. */
  readonly bytes: Uint8Array
  readonly wiped: boolean
  /** Lets `action` write the bytes, in place. */
  change(action: (bytes: Uint8Array) => void): void
  wipe(): void
}

export type LockState = 'locked' | 'not locked' | 'unknown'

const SLOT_BYTES = 64
const REGION_BYTES = 16 * 1024

/** Its bytes are no property of its own: nothing that prints or copies an object comes upon them. */
class Slot implements SecretBytes {
  readonly #memory: Uint8Array
  readonly #writing: (action: () => void) => void
  readonly #release: () => void
  #wiped = false

  constructor(memory: Uint8Array, writing: (action: () => void) => void, release: () => void) {
    this.#memory = memory
    this.#writing = writing
    this.#release = release
  }

  get bytes(): Uint8Array {
    if (this.#wiped) throw new Error('the key was wiped')
    return this.#memory
  }

  get wiped(): boolean {
    return this.#wiped
  }

  change(action: (bytes: Uint8Array) => void): void {
    this.#writing(() => action(this.#memory))
  }

  wipe(): void {
    if (this.#wiped) return
    this.#wiped = true
    this.#writing(() => sodium.sodium_memzero(this.#memory))
    this.#release()
  }

  [Symbol.dispose](): void {
    this.wipe()
  }
}

class Region {
  readonly #memory = sodium.sodium_malloc(REGION_BYTES)
  readonly #free: number[] = []

  constructor() {
    sodium.sodium_memzero(this.#memory)
    for (let at = REGION_BYTES - SLOT_BYTES; at >= 0; at -= SLOT_BYTES) this.#free.push(at)
    sodium.sodium_mprotect_readonly(this.#memory)
  }

  get full(): boolean {
    return this.#free.length === 0
  }

  take(length: number): SecretBytes {
    const start = this.#free.pop()
    if (start === undefined) throw new Error('the region is full')
    const memory = this.#memory.subarray(start, start + length)
    return new Slot(
      memory,
      (action) => this.#change(action),
      () => this.#free.push(start),
    )
  }

  #change(action: () => void): void {
    sodium.sodium_mprotect_readwrite(this.#memory)
    try {
      action()
    } finally {
      sodium.sodium_mprotect_readonly(this.#memory)
    }
  }
}

const regions: Region[] = []
let state: LockState | undefined

/** Room for `length` bytes (at most 64), all zero. */
export function guardedBytes(length: number): SecretBytes {
  if (length > SLOT_BYTES) throw new Error(`a guarded slot takes at most ${SLOT_BYTES} bytes`)
  return roomyRegion().take(length)
}

/** Moves bytes into guarded memory: what they are moved from is zero afterwards. */
export function guard(from: Uint8Array): SecretBytes {
  const secret = guardedBytes(from.length)
  secret.change((bytes) => bytes.set(from))
  sodium.sodium_memzero(from)
  return secret
}

/** A new key. It is drawn in place, so that no other memory ever holds it. */
export function randomSecret(length: number): SecretBytes {
  const secret = guardedBytes(length)
  secret.change((bytes) => sodium.randombytes_buf(bytes))
  return secret
}

/** Guarded working space of any size for the time of `use`, in which it may be written. */
export function withScratch<T>(size: number, use: (scratch: Uint8Array) => T): T {
  const scratch = sodium.sodium_malloc(Math.max(size, 1))
  try {
    return use(scratch.subarray(0, size))
  } finally {
    // Freeing wipes, too.
    sodium.sodium_free(scratch)
  }
}

/** Overwrites bytes outside guarded memory in a way that is not optimised away. */
export function wipe(bytes: Uint8Array): void {
  sodium.sodium_memzero(bytes)
}

/** Whether the memory that keys go to is locked against swapping. */
export function lockState(): LockState {
  roomyRegion()
  return state ?? 'unknown'
}

function roomyRegion(): Region {
  const roomy = regions.find((region) => !region.full)
  if (roomy !== undefined) return roomy
  const before = lockedKilobytes()
  const region = new Region()
  regions.push(region)
  const after = lockedKilobytes()
  const now: LockState =
    before === undefined || after === undefined
      ? 'unknown'
      : after - before >= REGION_BYTES / 1024
        ? 'locked'
        : 'not locked'
  // One region that is not locked is enough for a key to be swapped out.
  if (state === undefined || state === 'locked') state = now
  return region
}

/** Kilobytes this process has locked, where the system tells. */
export function lockedKilobytes(): number | undefined {
  try {
    const found = /^VmLck:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return found === null ? undefined : Number(found[1])
  } catch {
    return undefined
  }
}
