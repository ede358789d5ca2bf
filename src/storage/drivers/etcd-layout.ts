/**
 * Where everything stands in etcd, below one prefix:
 *
 *     g<generation>/<key>       what is stored; `replace` fills a new generation and then makes it the one that counts
 *     head                      the newest commit, and who wrote it (`Head`)
 *     leader                    held by the lease of the one process that writes
 *     log/<sequence>            which keys the recent commits changed
 *     big/<sequence>/<number>   pieces of a commit that is too large for one transaction of etcd's
 *
 * Keys are the bytes of their UTF-8 form, and etcd orders by bytes.
 */
import { storageErrors } from '../../errors/storage.ts'
import type { Change, Leader, Range, Sequence } from '../driver.ts'
import { compareKeys } from '../key-order.ts'
import type { KeyRange } from './etcd-messages.ts'

export const MAX_KEY_BYTES = 1976

/** A commit of which some keys are still to be found in its pieces only. */
export interface BigCommit {
  readonly sequence: Sequence
  readonly pieces: number
}

export interface Head {
  /** Of the newest commit. */
  readonly sequence: Sequence
  /** Of the leader that wrote this. */
  readonly term: number
  /** Number of the write within the term: by it the leader knows a write of its own whose answer was lost. */
  readonly write: number
  readonly generation: number
  readonly big?: BigCommit | undefined
}

export const EMPTY_HEAD: Head = { sequence: 0, term: 0, write: 0, generation: 1 }

/** Commits that were written together. Without keys there were too many of them to note. */
export interface LogRecord {
  /** The commit before these. */
  readonly before: Sequence
  readonly commits: readonly { readonly sequence: Sequence; readonly keys?: readonly string[] }[]
}

export class EtcdLayout {
  readonly head: Buffer
  readonly leader: Buffer
  /** Head and leader, and no other key. */
  readonly signs: KeyRange
  readonly #prefix: string

  constructor(path: string) {
    this.#prefix = path.endsWith('/') ? path : `${path}/`
    this.head = this.#key('head')
    this.leader = this.#key('leader')
    this.signs = { key: this.head, end: after(this.leader) }
  }

  data(generation: number, key: string): Buffer {
    return this.#key(`g${generation}/${key}`)
  }

  /** The bytes that stand before the program's keys. */
  dataOffset(generation: number): number {
    return this.data(generation, '').length
  }

  generation(generation: number): Required<KeyRange> {
    return this.#below(`g${generation}/`)
  }

  /** All generations but this one. */
  otherGenerations(generation: number): readonly Required<KeyRange>[] {
    const { key, end } = this.generation(generation)
    return [
      { key: this.#key('g'), end: key },
      { key: end, end: this.#key('h') },
    ]
  }

  log(sequence: Sequence): Buffer {
    return this.#key(`log/${String(sequence).padStart(16, '0')}`)
  }

  /** The records of commits after `sequence`. */
  logAfter(sequence: Sequence): Required<KeyRange> {
    return { key: this.log(sequence + 1), end: this.#below('log/').end }
  }

  /** The records of commits before `sequence`. */
  logBefore(sequence: Sequence): Required<KeyRange> {
    return { key: this.#key('log/'), end: this.log(sequence) }
  }

  piece(sequence: Sequence, number: number): Buffer {
    return this.#key(`big/${sequence}/${String(number).padStart(8, '0')}`)
  }

  /** The pieces of one commit, or of all. */
  pieces(sequence?: Sequence): Required<KeyRange> {
    return this.#below(sequence === undefined ? 'big/' : `big/${sequence}/`)
  }

  /** The stored keys that a range asks for. */
  range(generation: number, { prefix, after: bound, from }: Range): Required<KeyRange> {
    const { end } = this.#below(`g${generation}/${prefix}`)
    const first = from !== undefined && compareKeys(from, prefix) > 0 ? from : prefix
    if (bound === undefined || bound === '' || compareKeys(bound, first) < 0) {
      return { key: this.data(generation, cut(first)), end }
    }
    return { key: after(this.data(generation, cut(bound))), end }
  }

  #key(name: string): Buffer {
    return Buffer.from(this.#prefix + name)
  }

  /** A prefix ends with a character of UTF-8, whose last byte is never 0xff: adding one to it is enough. */
  #below(name: string): Required<KeyRange> {
    const key = this.#key(name)
    const end = Buffer.from(key)
    const last = end.length - 1
    end[last] = (end[last] ?? 0) + 1
    return { key, end }
  }
}

/** The first key after this one. */
export function after(key: Uint8Array): Buffer {
  return Buffer.concat([key, Uint8Array.of(0)])
}

/** A bound longer than any key says the same when it is cut to more than what a key can have. */
function cut(bound: string): string {
  return bound.length > MAX_KEY_BYTES ? bound.slice(0, MAX_KEY_BYTES + 1) : bound
}

export function encode(value: Head | Leader | LogRecord): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** Throws `STORAGE_UNAVAILABLE`. */
export function decodeHead(bytes: Buffer): Head {
  const { sequence, term, write, generation, big } = parse(bytes)
  const head: Head = { sequence: int(sequence), term: int(term), write: int(write), generation: int(generation) }
  if (big === undefined) return head
  const members = isObject(big) ? big : {}
  return { ...head, big: { sequence: int(members.sequence), pieces: int(members.pieces) } }
}

/** Throws `STORAGE_UNAVAILABLE`. */
export function decodeLeader(bytes: Buffer): Leader {
  const { term, identity } = parse(bytes)
  return { term: int(term), identity: typeof identity === 'string' ? identity : '' }
}

/** One change for each commit after `sequence`. */
export function changesIn(record: LogRecord, sequence: Sequence): Change[] {
  return record.commits
    .filter((commit) => commit.sequence > sequence)
    .map((commit) =>
      commit.keys === undefined
        ? { sequence: commit.sequence, keys: [], reset: true }
        : { sequence: commit.sequence, keys: commit.keys },
    )
}

/** Throws `STORAGE_UNAVAILABLE`. */
export function decodeRecord(bytes: Buffer): LogRecord {
  const { before, commits } = parse(bytes)
  if (!Array.isArray(commits)) throw foreign()
  return { before: int(before), commits: commits.map(decodeCommit) }
}

function decodeCommit(commit: unknown): LogRecord['commits'][number] {
  const { sequence, keys } = isObject(commit) ? commit : {}
  if (!Array.isArray(keys)) return { sequence: int(sequence) }
  return { sequence: int(sequence), keys: keys.map(String) }
}

function parse(bytes: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch (error) {
    throw foreign(error)
  }
  if (!isObject(value)) throw foreign()
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function int(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw foreign()
  return value
}

function foreign(cause?: unknown): Error {
  return storageErrors.UNAVAILABLE(undefined, {
    cause: new Error('what stands below the path in etcd is not of this server, or is damaged', { cause }),
  })
}
