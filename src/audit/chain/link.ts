/** What ties a line to the one before it, and how that stands in the line. */

/** A line of a chain. */
export interface Point {
  /** Of the segment: what was written by one server without a break. */
  readonly id: string
  /** Of the line; it goes on from one segment to the next. */
  readonly n: number
  /** SHA-256 of the line's bytes, without its line feed: hex. */
  readonly hash: string
}

export interface Link {
  readonly id: string
  readonly n: number
  /** Hash of the line before. */
  readonly prev: string
}

export type Reason =
  /** The first of a segment. */
  | 'start'
  /** The first of a segment, after a write of which nobody knows how much arrived. */
  | 'resumed'
  /** Enough lines, or enough time. */
  | 'interval'
  /** The last of a file that is rotated, and the first of the next. */
  | 'rotate'
  | 'opened'
  /** The last of a segment. */
  | 'close'

/** Of the first line there is. */
export const NOTHING_BEFORE = '0'.repeat(64)

/** Most bytes that a link takes in a line, in either format. */
export const MAX_LINK_BYTES = 320

const JSON_LINK = /\{"chain":\{"id":"([\w-]{1,64})","n":(\d{1,15}),"prev":"([0-9a-f]{64})"\},/
const XML_LINK = new RegExp(
  '<json:object name="chain"><json:string name="id">([\\w-]{1,64})</json:string>' +
    '<json:number name="n">(\\d{1,15})</json:number><json:string name="prev">([0-9a-f]{64})</json:string></json:object>',
)

/** How far into a line a link may begin: behind a prefix. */
const MOST_BEFORE = 512

/** Undefined of a line that has none. */
export function linkOf(line: Buffer): Link | undefined {
  const head = line.toString('latin1', 0, MOST_BEFORE + MAX_LINK_BYTES)
  const [, id, n, prev] = JSON_LINK.exec(head) ?? XML_LINK.exec(head) ?? []
  return id === undefined || prev === undefined ? undefined : { id, n: Number(n), prev }
}
