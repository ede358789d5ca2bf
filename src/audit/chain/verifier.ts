/**
 * Reads a chained log from its first line to its last and tells what does not fit. Nothing is taken for true but what a checkpoint
 * signed: a line is vouched for by the first checkpoint behind it.
 */
import { hash, type KeyObject } from 'node:crypto'
import { isAuthentic, readCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { linkOf, type Link, type Point } from './link.ts'

export interface Place {
  readonly file: string
  readonly line: number
}

export interface Finding extends Place {
  readonly text: string
}

export interface VerifierOptions {
  /** By their ids. */
  readonly keys: ReadonlyMap<string, KeyObject>
  /** A line that is the same as one before it came twice over the network, and is no finding. */
  readonly allowRepeats: boolean
  /** The log may begin with any line. */
  readonly partial: boolean
  /** A log that does not end with a checkpoint is a finding. */
  readonly complete: boolean
  /** Told of each finding as it is made. */
  found(finding: Finding): void
  /** What is no fault, but has to be known. */
  noted(note: Finding): void
}

export interface Summary {
  /** Lines of the chain, its checkpoints among them. */
  readonly lines: number
  readonly segments: number
  readonly checkpoints: number
  readonly repeats: number
  /** Lines in front of the chain's first, of which nothing is known. */
  readonly before: number
  readonly first: number
  readonly last: number
  /** Lines at the end that no checkpoint follows. */
  readonly unsigned: number
  /** The last checkpoint says that the segment ended there. */
  readonly closed: boolean
  readonly findings: number
}

interface Seen extends Point, Place {}

/** How many lines back one can be recognized. */
const REMEMBERED = 100_000

export class Verifier {
  readonly #options: VerifierOptions
  #last: Seen | undefined
  #first = 0
  #lines = 0
  #segments = 0
  #checkpoints = 0
  #repeats = 0
  #before = 0
  #foreign: Place | undefined
  #findings = 0
  /** Lines since the last checkpoint. */
  #unsigned = 0
  #every = Infinity
  #closed = false
  /** Hashes by their numbers: of the last lines, and of all checkpoints. */
  readonly #recent = new Map<number, string>()
  readonly #signed = new Map<number, string>()
  /** The line before did not carry the hash of the one before it. */
  #suspect: { readonly before: Place; readonly here: Place } | undefined
  #renumbered: number | undefined
  /** What was cut off by a write that failed is followed by a checkpoint that says so. */
  #torn: Finding | undefined

  constructor(options: VerifierOptions) {
    this.#options = options
  }

  /** `line` has no line feed. */
  add(line: Buffer, place: Place): void {
    const link = linkOf(line)
    if (link === undefined) return this.#addForeign(place)
    const digest = hash('sha256', line, 'hex')
    const signed = readCheckpoint(line)
    const found: Seen = { id: link.id, n: link.n, hash: digest, ...place }
    const fits = this.#fits(link, found, signed)
    if (fits === 'skip') return
    const here = { ...found, n: this.#renumbered ?? found.n }
    this.#renumbered = undefined
    this.#settleTorn()
    this.#lines++
    this.#remember(here)
    this.#last = here
    this.#unsigned++
    this.#closed = false
    if (signed !== undefined) this.#checkpoint(signed, here)
    else if (this.#unsigned > this.#every) {
      this.#find(place, `no checkpoint for more than ${this.#every} lines: one is missing, or these lines were made up`)
      this.#every = Infinity
    }
  }

  /** After the last line. `expected`: a checkpoint that has to be there. */
  end(expected?: Point): Summary {
    this.#settleTorn()
    this.#settleSuspect()
    const last = this.#last
    if (this.#options.complete && this.#unsigned > 0 && last !== undefined)
      this.#find(last, 'is the last one and no checkpoint: the end is missing, or was changed')
    if (expected !== undefined && this.#signed.get(expected.n) !== expected.hash)
      this.#find(
        { file: last?.file ?? '', line: last?.line ?? 0 },
        `the checkpoint that the server knows of, line number ${expected.n} of the chain, is not there: the end was cut off, or these ` +
          'are not all of the files',
      )
    return {
      lines: this.#lines,
      segments: this.#segments,
      checkpoints: this.#checkpoints,
      repeats: this.#repeats,
      before: this.#before,
      first: this.#first,
      last: last?.n ?? 0,
      unsigned: this.#unsigned,
      closed: this.#closed,
      findings: this.#findings,
    }
  }

  #addForeign(place: Place): void {
    if (this.#last === undefined) {
      this.#before++
      this.#foreign ??= place
      return
    }
    this.#settleTorn()
    this.#torn = { ...place, text: 'is not part of the chain: it was changed, or put in' }
  }

  #fits(link: Link, here: Seen, signed: SignedCheckpoint | undefined): 'go on' | 'skip' {
    const last = this.#last
    if (last === undefined) {
      this.#begin(here, signed)
      return 'go on'
    }
    if (signed?.checkpoint.reason === 'resumed' && this.#resumes(signed, here, last)) return 'go on'
    if (link.n !== last.n + 1 && link.prev === last.hash) {
      this.#find(here, `has number ${link.n} of the chain in place of ${last.n + 1}: it was changed`)
      this.#suspect = undefined
      this.#renumbered = last.n + 1
      return 'go on'
    }
    if (link.n === last.n + 1) {
      this.#compare(link, here, last)
      this.#sameSegment(signed, here, last)
      return 'go on'
    }
    this.#settleSuspect()
    if (link.n > last.n) {
      const gone = link.n - last.n - 1
      const which = gone === 1 ? `${last.n + 1} is` : `${last.n + 1} to ${link.n - 1} are`
      this.#find(here, `line number ${which} missing before it`)
      this.#sameSegment(signed, here, last)
      return 'go on'
    }
    if (this.#recent.get(link.n) === here.hash && this.#options.allowRepeats) this.#repeats++
    else this.#find(here, `has number ${link.n} of the chain, which was there already: it was put in, or moved here`)
    return 'skip'
  }

  #begin(here: Seen, signed: SignedCheckpoint | undefined): void {
    this.#first = here.n
    this.#segments = 1
    if (here.n > 1) this.#options.noted({ ...here, text: `begins with line number ${here.n} of its chain` })
    if (signed === undefined && !this.#options.partial) {
      if (this.#foreign !== undefined) this.#find(this.#foreign, 'is not part of the chain: it was changed, or put in')
      this.#find(here, 'is the first of the chain here and no checkpoint: what stood before it is missing')
    }
    if (signed?.checkpoint.top === true && this.#foreign !== undefined)
      this.#find(this.#foreign, 'was put in: the chain began with the first line of its file')
  }

  /** A segment that begins after a failed write says from where on nothing is certain. */
  #resumes(signed: SignedCheckpoint, here: Seen, last: Seen): boolean {
    const { after } = signed.checkpoint
    if (!this.#isAuthentic(signed)) return false
    if (after !== undefined && this.#recent.get(after.n) !== after.hash) return false
    this.#suspect = undefined
    const doubtful = last.n - (after?.n ?? 0)
    if (doubtful > 0 || this.#torn !== undefined)
      this.#options.noted({
        ...here,
        text: `a write failed before it: ${doubtful} line(s) in front of it are vouched for by nobody`,
      })
    this.#torn = undefined
    return true
  }

  /** Which of two lines was changed shows at the next one. */
  #compare(link: Link, here: Seen, last: Seen): void {
    if (link.prev === last.hash) return this.#settleSuspect()
    const suspect = this.#suspect
    if (suspect === undefined) this.#suspect = { before: last, here }
    else {
      this.#suspect = undefined
      this.#find(suspect.here, 'was changed: it fits neither the line before it nor the one after')
    }
  }

  #sameSegment(signed: SignedCheckpoint | undefined, here: Seen, last: Seen): void {
    if (here.id !== last.id && signed?.checkpoint.reason !== 'start' && signed?.checkpoint.reason !== 'resumed')
      this.#find(here, 'belongs to another segment, which has no beginning')
  }

  #settleSuspect(): void {
    const suspect = this.#suspect
    this.#suspect = undefined
    if (suspect !== undefined) this.#find(suspect.before, 'was changed after it was written')
  }

  #settleTorn(): void {
    const torn = this.#torn
    this.#torn = undefined
    if (torn !== undefined) this.#find(torn, torn.text)
  }

  #checkpoint(signed: SignedCheckpoint, here: Seen): void {
    const { checkpoint } = signed
    this.#checkpoints++
    if (!this.#options.keys.has(checkpoint.key))
      this.#find(here, `is a checkpoint signed with the key ${checkpoint.key}, which is not at hand`)
    else if (!this.#isAuthentic(signed)) this.#find(here, 'is a checkpoint whose signature is wrong')
    const isFirst = checkpoint.reason === 'start' || checkpoint.reason === 'resumed'
    if (isFirst && this.#lines > 1) this.#segments++
    if (isFirst) this.#checkKnown(checkpoint.known, here)
    this.#every = checkpoint.every
    this.#unsigned = 0
    this.#closed = checkpoint.reason === 'close'
    this.#signed.set(here.n, here.hash)
  }

  #checkKnown(known: Point | undefined, here: Seen): void {
    if (known === undefined || this.#lines === 1 || known.n < this.#first) return
    if (this.#signed.get(known.n) !== known.hash)
      this.#find(here, `follows the checkpoint with number ${known.n}, which is missing: lines before it were cut off`)
  }

  #isAuthentic(signed: SignedCheckpoint): boolean {
    const key = this.#options.keys.get(signed.checkpoint.key)
    return key !== undefined && isAuthentic(signed, key)
  }

  #remember(here: Seen): void {
    this.#recent.set(here.n, here.hash)
    this.#recent.delete(here.n - REMEMBERED)
  }

  #find({ file, line }: Place, text: string): void {
    this.#findings++
    this.#options.found({ file, line, text })
  }
}
