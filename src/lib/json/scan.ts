/**
 * Strict RFC 8259 scanner over bytes: no recursion, no parsed values, stoppable at any point. It notes where the members of a
 * top-level object stand, so that they can be cut out as text.
 *
 * The bytes must be valid UTF-8 (checked by the caller, natively); the scanner itself only looks at ASCII.
 */
import { JsonError } from './error.ts'
import type { JsonErrorCode } from './error.ts'
import type { JsonLimits } from './limits.ts'

/** Estimated cost of a parsed container, and of one slot in it: what V8 takes for `{}` and a property, rounded up. */
const containerBytes = 64
const slotBytes = 32

type State = number
const value: State = 0
const firstElement: State = 1
const firstKey: State = 2
const key: State = 3
const colon: State = 4
const after: State = 5
const inString: State = 6

const object = 1
const array = 2

const simpleEscapes = new Set([...'"\\/bfnrt'].map((c) => c.charCodeAt(0)))

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 0x30 && c <= 0x39
}

function isHex(c: number | undefined): boolean {
  return c !== undefined && ((c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66))
}

export function isSpace(c: number | undefined): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09
}

export class Scanner {
  /** Four offsets for each top-level member: key start and end (with quotes), value start and end. */
  readonly members: number[] = []
  /** Offset of the root value, and the offset after it. */
  rootStart = 0
  rootEnd = 0
  readonly #bytes: Uint8Array
  readonly #limits: JsonLimits
  #pos = 0
  #state: State = value
  readonly #kinds: number[] = []
  readonly #counts: number[] = []
  #stringStart = 0
  #stringIsKey = false
  #strings = 0
  #memory = 0

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  /** Scans on to about offset `until`; true when the whole text was seen and is valid. */
  run(until: number): boolean {
    const bytes = this.#bytes
    const { length } = bytes
    const stop = Math.min(until, length)
    while (this.#pos < stop) {
      if (this.#state === inString) {
        this.#string(stop)
        continue
      }
      const c = bytes[this.#pos]
      if (isSpace(c)) this.#pos++
      else this.#step(c ?? 0)
    }
    if (this.#pos < length) return false
    if (this.#state !== after || this.#kinds.length > 0) this.#fail('syntax', 'unexpected end of input')
    return true
  }

  #step(c: number): void {
    switch (this.#state) {
      case value:
        return this.#value(c)
      case firstElement:
        return c === 0x5d ? this.#close(array) : this.#value(c)
      case firstKey:
        return c === 0x7d ? this.#close(object) : this.#key(c)
      case key:
        return this.#key(c)
      case colon:
        if (c !== 0x3a) this.#fail('syntax', 'expected a colon')
        this.#pos++
        this.#state = value
        return
      default:
        return this.#after(c)
    }
  }

  #after(c: number): void {
    const kind = this.#kinds[this.#kinds.length - 1]
    if (kind === undefined) this.#fail('syntax', 'unexpected text after the value')
    if (c === 0x2c) {
      this.#pos++
      this.#state = kind === object ? key : value
    } else if (c === 0x7d) this.#close(object)
    else if (c === 0x5d) this.#close(array)
    else this.#fail('syntax', 'expected a comma or the end of a list or object')
  }

  #value(c: number): void {
    const depth = this.#kinds.length
    if (depth === 0) this.rootStart = this.#pos
    else {
      this.#charge(slotBytes)
      if (depth === 1 && this.#kinds[0] === object) this.members.push(this.#pos)
    }
    if (c === 0x22) this.#openString(false)
    else if (c === 0x7b) this.#open(object)
    else if (c === 0x5b) this.#open(array)
    else if (c === 0x2d || isDigit(c)) this.#number()
    else if (c === 0x74) this.#literal('true')
    else if (c === 0x66) this.#literal('false')
    else if (c === 0x6e) this.#literal('null')
    else this.#fail('syntax', 'expected a value')
  }

  #key(c: number): void {
    if (c !== 0x22) this.#fail('syntax', 'expected a key in double quotes')
    const top = this.#counts.length - 1
    const count = (this.#counts[top] ?? 0) + 1
    this.#counts[top] = count
    if (count > this.#limits.maxMembers) {
      this.#fail('members', `an object has more than ${this.#limits.maxMembers} members`)
    }
    if (top === 0) this.members.push(this.#pos)
    this.#openString(true)
  }

  #open(kind: number): void {
    if (this.#kinds.length >= this.#limits.maxDepth) {
      this.#fail('depth', `nested deeper than ${this.#limits.maxDepth} levels`)
    }
    this.#charge(containerBytes)
    this.#kinds.push(kind)
    this.#counts.push(0)
    this.#pos++
    this.#state = kind === object ? firstKey : firstElement
  }

  #close(kind: number): void {
    if (this.#kinds.pop() !== kind) this.#fail('syntax', 'mismatched bracket')
    this.#counts.pop()
    this.#pos++
    this.#valueEnds()
  }

  #valueEnds(): void {
    const depth = this.#kinds.length
    if (depth === 0) this.rootEnd = this.#pos
    else if (depth === 1 && this.#kinds[0] === object) this.members.push(this.#pos)
    this.#state = after
  }

  #openString(isKey: boolean): void {
    if (++this.#strings > this.#limits.maxStrings) {
      this.#fail('strings', `more than ${this.#limits.maxStrings} strings`)
    }
    this.#stringStart = ++this.#pos
    this.#stringIsKey = isKey
    this.#state = inString
  }

  #string(stop: number): void {
    const bytes = this.#bytes
    let pos = this.#pos
    while (pos < stop) {
      const c = bytes[pos] ?? 0
      if (c !== 0x22 && c !== 0x5c && c >= 0x20) pos++
      else if (c === 0x22) {
        this.#pos = pos
        return this.#closeString()
      } else if (c === 0x5c) pos = this.#escape(pos)
      else {
        this.#pos = pos
        this.#fail('syntax', 'control character in a string')
      }
    }
    this.#pos = pos
    this.#checkStringLength()
  }

  /** The offset after the escape at `pos`. */
  #escape(pos: number): number {
    const bytes = this.#bytes
    const c = bytes[pos + 1]
    if (c !== undefined && simpleEscapes.has(c)) return pos + 2
    this.#pos = pos
    if (c !== 0x75) this.#fail('syntax', 'unknown escape in a string')
    for (let i = 2; i < 6; i++) if (!isHex(bytes[pos + i])) this.#fail('syntax', 'unknown escape in a string')
    return pos + 6
  }

  #closeString(): void {
    this.#checkStringLength()
    this.#charge(this.#pos - this.#stringStart)
    this.#pos++
    if (!this.#stringIsKey) return this.#valueEnds()
    if (this.#kinds.length === 1) this.members.push(this.#pos)
    this.#state = colon
  }

  #checkStringLength(): void {
    const max = this.#limits.maxStringBytes
    if (this.#pos - this.#stringStart > max) this.#fail('string_length', `a string is longer than ${max} bytes`)
  }

  #number(): void {
    const bytes = this.#bytes
    let pos = this.#pos
    if (bytes[pos] === 0x2d) pos++
    if (bytes[pos] === 0x30) pos++
    else pos = this.#digits(pos)
    if (bytes[pos] === 0x2e) pos = this.#digits(pos + 1)
    if (bytes[pos] === 0x65 || bytes[pos] === 0x45) {
      pos++
      if (bytes[pos] === 0x2b || bytes[pos] === 0x2d) pos++
      pos = this.#digits(pos)
    }
    this.#charge(pos - this.#pos)
    this.#pos = pos
    this.#valueEnds()
  }

  #digits(from: number): number {
    let pos = from
    while (isDigit(this.#bytes[pos])) pos++
    if (pos === from) {
      this.#pos = pos
      this.#fail('syntax', 'malformed number')
    }
    return pos
  }

  #literal(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.#bytes[this.#pos + i] !== word.charCodeAt(i)) this.#fail('syntax', 'expected a value')
    }
    this.#pos += word.length
    this.#valueEnds()
  }

  #charge(bytes: number): void {
    this.#memory += bytes
    if (this.#memory > this.#limits.maxMemory) this.#fail('memory', 'needs too much memory')
  }

  #fail(code: JsonErrorCode, reason: string): never {
    throw new JsonError(code, reason, Math.min(this.#pos, this.#bytes.length))
  }
}
