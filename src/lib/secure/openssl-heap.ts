/**
 * The locked heap in which OpenSSL keeps parts of private keys (`--secure-heap`): a few megabytes for all threads of the process, and
 * where it is full no private key works any more, those of TLS included. What a parsed key has of it is freed only when the key object
 * is collected. So keys are kept parsed in a quarter of it at most, and those that are parsed for one operation are counted and
 * collected in time. All this holds whatever clients do.
 */
import { createPrivateKey, KeyObject, secureHeapUsed, type JsonWebKeyInput, type PrivateKeyInput } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** A private key in PKCS #8, as operations of `node:crypto` take it that parse it and free it at once. */
export interface Pkcs8 {
  readonly key: Buffer
  readonly format: 'der'
  readonly type: 'pkcs8'
}

/** Parsed, or as bytes where there is no room to keep it parsed. */
export type PrivateKey = KeyObject | Pkcs8

export function pkcs8(der: Uint8Array): Pkcs8 {
  return { key: Buffer.from(der.buffer, der.byteOffset, der.byteLength), format: 'der', type: 'pkcs8' }
}

/** More than any key has of the heap that is kept parsed: RSA of 4096 bits has 1792 bytes. */
const MOST_OF_A_KEY = 2048
/** Of the heap, for keys that are kept. The measure is of everything in it, so others take from this share, never the other way. */
const KEPT_SHARE = 4
/** Of the heap, for what one thread leaves to be collected. */
const LEFT_SHARE = 16
/** Where more than half of the heap is used, each thread collects this much earlier. */
const HASTE = 16
/** Keys that are used this many times more seldom than the average of those kept make room for others. */
const SELDOM = 8
/** Of kept keys, looked at in search of one that is seldom used. */
const LOOKS = 4

/** 0 where there is no such heap: then keys lie in ordinary memory, and there is no need to be sparing. */
const total = secureHeapUsed()?.total ?? 0

const kept = new Set<WeakRef<KeptKey>>()
let uses = 0

/** The right to keep one key parsed, as long as it is used and there is room. */
export class KeptKey {
  readonly #der: Pkcs8
  #parsed: KeyObject | undefined
  #usedAt = 0

  readonly #holds: boolean

  /** @param holds whether a key of this kind has a share of the heap. Those over lattices and of hashes have none. */
  constructor(der: Uint8Array, holds: boolean) {
    this.#der = pkcs8(der)
    this.#holds = holds
  }

  get key(): PrivateKey {
    this.#usedAt = ++uses
    if (this.#parsed !== undefined) return this.#parsed
    if (this.#holds && !hasRoom()) {
      dropSeldomUsed()
      return this.#der
    }
    this.#parsed = createPrivateKey(this.#der)
    if (this.#holds && total > 0) kept.add(new WeakRef(this))
    return this.#parsed
  }

  /** Whether it was parsed and was not used for so long that others may have its place, which then is free with the next collection. */
  drop(before: number): boolean {
    if (this.#usedAt >= before) return false
    this.#parsed = undefined
    return true
  }
}

function hasRoom(): boolean {
  return total === 0 || used() + MOST_OF_A_KEY <= total / KEPT_SHARE
}

function used(): number {
  return secureHeapUsed()?.used ?? 0
}

function dropSeldomUsed(): void {
  const before = uses - SELDOM * kept.size
  let looks = 0
  for (const entry of kept) {
    kept.delete(entry)
    const key = entry.deref()
    if (key !== undefined && !key.drop(before)) kept.add(entry)
    if (++looks === LOOKS) return
  }
}

/** Bytes of the heap that this thread left to be collected since it last did. */
let left = 0

/**
 * Says that something is about to be done that leaves up to `bytes` of the heap to be collected, and collects before where that would
 * become too much. Young objects are collected in a millisecond; all of them only where that was of no avail.
 */
export function leaving(bytes: number): void {
  if (total === 0) return
  left += bytes
  const most = total / LEFT_SHARE
  if (left < most && (left < most / HASTE || used() < total / 2)) return
  left = bytes
  const collect = collector()
  collect({ type: 'minor' })
  if (used() >= total / 2) collect({ type: 'major' })
}

type Collect = (options: { readonly type: 'minor' | 'major' }) => void

let collecting: Collect | undefined

function collector(): Collect {
  if (collecting !== undefined) return collecting
  // The engine tells contexts that are made from now on of its collector; the global of this program stays without.
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof found !== 'function') throw new Error('the engine has no collector')
  collecting = (options) => {
    Reflect.apply(found, undefined, [options])
  }
  return collecting
}

/** A key that is parsed for one operation that ends before anything else is done. Throws for what is no private key. */
export function passingKey(input: PrivateKeyInput | JsonWebKeyInput): KeyObject {
  leaving(MOST_OF_A_KEY)
  return createPrivateKey(input)
}

/** Parsed for one operation, where it is not kept. Of lattices and hashes nothing lies in the heap, and of curves little. */
export function keyObjectOf(key: PrivateKey): KeyObject {
  return key instanceof KeyObject ? key : passingKey(key)
}

/** Operations with key objects of their own that are waited for: so many at once in a thread, or their keys would fill the heap. */
const AT_ONCE = 4

const waiting: (() => void)[] = []
let running = 0

/** `use` makes private keys, with up to `bytes` of the heap, and waits for what is done with them. */
export async function withPassingKeys<T>(bytes: number, use: () => Promise<T>): Promise<T> {
  if (running < AT_ONCE) running++
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    leaving(bytes)
    return await use()
  } finally {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}
