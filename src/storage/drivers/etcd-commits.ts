/** How commits become transactions of etcd's, under one leadership. Calls come one at a time, from the commit queue. */
import type { GroupMember } from '../commit-queue.ts'
import type { Entry, Sequence, WriteSet } from '../driver.ts'
import { checkWrites } from '../key-order.ts'
import { batchBytes, fittingCommits, inBatches, merged, operationOf, recordOf } from './etcd-batches.ts'
import type { EtcdClient } from './etcd-client.ts'
import type { EtcdLayout } from './etcd-layout.ts'
import type { Operation } from './etcd-messages.ts'
import { piecesOf, writesIn } from './etcd-pieces.ts'
import { piecesAt } from './etcd-snapshot.ts'
import type { EtcdWriter } from './etcd-writer.ts'

/** Commits whose changes are kept for those who follow. */
const LOG_KEPT = 10_000
/** The log is trimmed once in so many groups. */
const TRIM_EVERY = 256

export interface CommitsOptions {
  readonly client: EtcdClient
  readonly layout: EtcdLayout
  readonly writer: EtcdWriter
  readonly maxKeyBytes: number
  readonly maxValueBytes: number
  /** Called when the newest commit stands in the store's keys as a whole. */
  home(): void
}

export class EtcdCommits {
  readonly #options: CommitsOptions
  readonly #maxBytes: number
  #untilTrim = 0
  /** A large commit that is being brought home; what was left of others being deleted. */
  #homing: Promise<void> = Promise.resolve()
  #cleaning: Promise<void> = Promise.resolve()

  constructor(options: CommitsOptions) {
    this.#options = options
    this.#maxBytes = batchBytes(options.maxValueBytes)
  }

  /** How many of the commits that wait are to be written together. */
  cut(queue: readonly GroupMember[]): number {
    return Math.max(fittingCommits(queue, this.#maxBytes), 1)
  }

  /** Rejects as `EtcdWriter.write`. */
  async write(group: readonly GroupMember[]): Promise<void> {
    const [first] = group
    const last = group.at(-1)
    if (first === undefined || last === undefined) return
    await this.#home()
    if (fittingCommits(group, this.#maxBytes) === 0) return this.#writeBig(first)
    const { layout, writer } = this.#options
    const { generation } = writer.head
    const operations = [...merged(group)].map(([key, value]) => operationOf(layout.data(generation, key), value))
    await writer.write([...operations, ...this.#noted(group, last.sequence)], { sequence: last.sequence })
  }

  /** Everything goes into a generation of its own, which one write makes the one that counts. */
  async replace(sequence: Sequence, entries: AsyncIterable<readonly Entry[]>): Promise<void> {
    const { layout, writer } = this.#options
    await this.#home()
    await this.#cleaning
    const old = writer.head.generation
    const generation = old + 1
    // Of an attempt that failed.
    await writer.wipe(layout.generation(generation))
    try {
      for await (const page of entries) {
        checkWrites(this.#options, new Map(page))
        const keyOf = (key: string): Buffer => layout.data(generation, key)
        for (const batch of inBatches(page, keyOf, this.#maxBytes)) await writer.write(batch)
      }
      await writer.write([{ kind: 'delete', ...layout.logBefore(sequence) }], { sequence, generation })
    } catch (error) {
      this.#clean(() => writer.wipe(layout.generation(generation)))
      throw error
    }
    // Snapshots of it read an old revision, which deleting does not change.
    this.#clean(() => writer.wipe(layout.generation(old)))
  }

  /** What an earlier leader left unfinished: brought home where it counts already, deleted where it does not. */
  async recover(): Promise<void> {
    const { layout, writer } = this.#options
    await this.#home()
    await writer.wipe(layout.pieces())
    const { generation } = writer.head
    this.#clean(async () => {
      for (const range of layout.otherGenerations(generation)) await writer.wipe(range)
    })
  }

  /** Resolves once no commit is being brought home. */
  async drained(): Promise<void> {
    await this.#homing
  }

  #noted(group: readonly GroupMember[], sequence: Sequence): Operation[] {
    const { layout, writer } = this.#options
    const noted: Operation[] = [
      { kind: 'put', key: layout.log(sequence), value: recordOf(writer.head.sequence, group) },
    ]
    if (--this.#untilTrim > 0 || sequence <= LOG_KEPT) return noted
    this.#untilTrim = TRIM_EVERY
    return [...noted, { kind: 'delete', ...layout.logBefore(sequence - LOG_KEPT) }]
  }

  /** Pieces first; then one write by which they count; then they are brought home, which the next commit waits for. */
  async #writeBig(member: GroupMember): Promise<void> {
    const { layout, writer } = this.#options
    const { sequence, writes } = member
    const pieces = piecesOf(writes, this.#maxBytes)
    try {
      for (const [number, piece] of pieces.entries()) {
        await writer.write([{ kind: 'put', key: layout.piece(sequence, number), value: piece }])
      }
      await writer.write(this.#noted([member], sequence), { sequence, big: { sequence, pieces: pieces.length } })
    } catch (error) {
      this.#clean(() => writer.wipe(layout.pieces(sequence)))
      throw error
    }
    this.#homing = this.#bringHome(writes).catch(() => undefined)
  }

  /** Waits until no commit stands in pieces. */
  async #home(): Promise<void> {
    await this.#homing
    if (this.#options.writer.head.big !== undefined) await this.#bringHome()
  }

  async #bringHome(known?: WriteSet): Promise<void> {
    const { client, layout, writer } = this.#options
    const { big, generation } = writer.head
    if (big === undefined) return
    const writes = known ?? (await this.#staged(client, big.sequence))
    const keyOf = (key: string): Buffer => layout.data(generation, key)
    for (const batch of inBatches(writes, keyOf, this.#maxBytes)) await writer.write(batch)
    await writer.write([{ kind: 'delete', ...layout.pieces(big.sequence) }], { big: undefined })
    this.#options.home()
  }

  async #staged(client: EtcdClient, sequence: Sequence): Promise<WriteSet> {
    const pieces = await piecesAt(client, this.#options.layout, this.#options.writer.revision, sequence)
    return new Map(pieces.flatMap((piece) => [...writesIn(piece)]))
  }

  /** What fails here is done by the next leader, or by the next replacement. */
  #clean(work: () => Promise<void>): void {
    this.#cleaning = this.#cleaning.then(work).catch(() => undefined)
  }
}
