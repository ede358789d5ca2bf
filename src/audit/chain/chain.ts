/**
 * The chain of a device's lines. What is put into lines is provisional until the sink has taken them: after a write that left no
 * trace the next one takes the same numbers, and after one of which nobody knows what arrived a new segment begins.
 */
import { hash } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { linesOf } from '../devices/lines.ts'
import type { Format } from '../format.ts'
import { linkJson, writeCheckpoint, type Signer } from './checkpoint.ts'
import { MAX_LINK_BYTES, NOTHING_BEFORE, type Point, type Reason } from './link.ts'

/** A checkpoint that was written. */
export interface Known extends Point {
  readonly reason: Reason
}

export interface ChainOptions {
  readonly format: Format
  readonly signer: Signer
  readonly clock: Clock
  newId(): string
  /** Told of checkpoints once they are written. */
  remember(checkpoint: Known): void
}

/** From where a chain goes on. */
export interface Begin {
  readonly after: Point | undefined
  readonly known: Point | undefined
  readonly reason: 'start' | 'resumed'
  /** Nothing stands before it where it goes. */
  readonly top: boolean
}

/** Lines from one checkpoint to the next, at most. */
export const CHECKPOINT_EVERY = 1000

/** Room for a checkpoint's line. */
const CHECKPOINT_BYTES = 2048

interface State {
  /** The last line. */
  readonly point: Point | undefined
  readonly id: string
  /** Lines since the last checkpoint. */
  readonly since: number
  /** What the next line has to be, where a segment begins. */
  readonly begin: Begin | undefined
  readonly checkpoint: Known | undefined
}

export class Chain {
  readonly #options: ChainOptions
  readonly #member: (json: string) => string
  #state: State
  #next: State | undefined
  #wanted: Reason | undefined
  #granted: Reason | undefined
  #top = false

  constructor(options: ChainOptions, begin: Begin) {
    const { format, newId } = options
    this.#options = options
    this.#member = (json) => format.member('chain', json)
    this.#state = { point: begin.after, id: newId(), since: 0, begin, checkpoint: undefined }
  }

  /** Lines that no checkpoint follows yet. */
  get open(): number {
    return this.#state.since
  }

  /** The next lines are followed by a checkpoint; `opened` stands before them. */
  want(reason: Reason, top = false): void {
    this.#wanted = reason
    this.#top = top
  }

  /** Some whole lines, tied to each other and to what was confirmed, with the checkpoints that are due. */
  link(lines: Uint8Array): Buffer {
    const all = [...linesOf(lines)]
    const checkpoints = Math.ceil(all.length / CHECKPOINT_EVERY) + 2
    const out = Buffer.allocUnsafe(lines.length + all.length * MAX_LINK_BYTES + checkpoints * CHECKPOINT_BYTES)
    const writer = new Writer(out, this.#state)
    const wanted = this.#wanted
    this.#granted = wanted
    const { begin } = this.#state
    if (begin !== undefined) this.#checkpoint(writer, begin.reason, begin)
    else if (wanted === 'opened') this.#checkpoint(writer, wanted)
    const { memberAt } = this.#options.format
    for (const line of all) {
      writer.add(this.#member(writer.link()), line, memberAt)
      if (writer.since >= CHECKPOINT_EVERY) this.#checkpoint(writer, 'interval')
    }
    if (wanted !== undefined && wanted !== 'opened' && (writer.since > 0 || wanted !== 'interval'))
      this.#checkpoint(writer, wanted)
    this.#next = writer.state()
    return writer.bytes()
  }

  /** The sink has what `link` gave last. */
  confirm(): void {
    const next = this.#next
    if (next === undefined) return
    const { checkpoint } = next
    this.#state = { ...next, checkpoint: undefined }
    this.#next = undefined
    if (this.#wanted === this.#granted) this.#wanted = undefined
    if (checkpoint !== undefined) this.#options.remember(checkpoint)
  }

  /** The sink has nothing of it: the next lines take its place. */
  withdraw(): void {
    this.#next = undefined
  }

  /** The sink may have any part of it: a new segment begins behind what was confirmed. */
  abandon(): void {
    this.#next = undefined
    const { point, begin } = this.#state
    const again: Begin = { after: point, known: begin?.known, reason: 'resumed', top: false }
    this.#state = { ...this.#state, id: this.#options.newId(), since: 0, begin: again }
  }

  #checkpoint(writer: Writer, reason: Reason, begin?: Begin): void {
    const { clock, format, signer } = this.#options
    const checkpoint = {
      time: new Date(clock.now()).toISOString(),
      reason,
      every: CHECKPOINT_EVERY,
      top: begin?.top ?? (reason === 'opened' && this.#top),
      after: begin?.after,
      known: begin?.known,
      key: signer.id,
    }
    writer.addCheckpoint(writeCheckpoint(checkpoint, this.#member(writer.link()), format, signer), reason)
  }
}

/** Lines on their way into one buffer. */
class Writer {
  readonly #out: Buffer
  #length = 0
  readonly #id: string
  #point: Point | undefined
  #checkpoint: Known | undefined
  since: number

  constructor(out: Buffer, { point, id, since }: State) {
    this.#out = out
    this.#point = point
    this.#id = id
    this.since = since
  }

  /** Of the line that comes next. */
  link(): string {
    return linkJson({ id: this.#id, n: (this.#point?.n ?? 0) + 1, prev: this.#point?.hash ?? NOTHING_BEFORE })
  }

  add(member: string, line: Uint8Array, memberAt: number): void {
    const start = this.#length
    this.#put(line.subarray(0, memberAt))
    this.#length += this.#out.write(member, this.#length, 'latin1')
    this.#put(line.subarray(memberAt))
    this.#end(start)
    this.since++
  }

  addCheckpoint(line: string, reason: Reason): void {
    const start = this.#length
    this.#length += this.#out.write(line, this.#length)
    const point = this.#end(start)
    this.since = 0
    this.#checkpoint = { ...point, reason }
  }

  state(): State {
    return { point: this.#point, id: this.#id, since: this.since, begin: undefined, checkpoint: this.#checkpoint }
  }

  bytes(): Buffer {
    return this.#out.subarray(0, this.#length)
  }

  #put(bytes: Uint8Array): void {
    this.#out.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #end(start: number): Point {
    const digest = hash('sha256', this.#out.subarray(start, this.#length), 'hex')
    this.#out[this.#length++] = 0x0a
    this.#point = { id: this.#id, n: (this.#point?.n ?? 0) + 1, hash: digest }
    return this.#point
  }
}
