/**
 * The proof that a snapshot can be restored: its archive is read to its end, put into a store of its own as a restore would put it, and
 * every entry there is decrypted. Nothing of the server's own is touched. What fails is told by its number: names are nobody's business.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CofferError } from '../errors/coffer-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { DrillReport } from '../request/snapshot-ports.ts'
import type { Driver, Entry } from '../storage/driver.ts'
import type { AutomaticSnapshot } from './auto/auto-snapshots.ts'
import { snapshotErrors } from './errors.ts'
import { pagesOf } from './pages.ts'
import { readArchive, type ArchiveSummary } from './read-archive.ts'
import type { Spool } from './spool.ts'
import type { Vault } from './vault.ts'

export interface DrillParts {
  readonly clock: Clock
  readonly log: Logger
  readonly vault: Vault
  /** Taken over. */
  readonly spool: Spool
  readonly source: DrillSource
  readonly scratchFolder: string
  /** Rejects with a `SNAPSHOT_*` error where what is in the spool could not be restored here. */
  check(): Promise<void>
}

/** What is handed in is in the spool already; else it is read into it. */
export type DrillSource =
  | { readonly kind: 'given' }
  | { readonly kind: 'taken'; read(): AsyncIterable<Uint8Array> }
  | ({ readonly kind: 'automatic' } & Pick<AutomaticSnapshot, 'config' | 'url' | 'read'>)

const PREFIX = 'snapshot-drill-'
/** Damaged entries whose numbers are told. */
const MOST_TOLD = 100

export class Drill {
  readonly #parts: DrillParts
  readonly #startedAt: number
  readonly #began: number
  #state: DrillReport['state'] = 'running'
  #phase: DrillReport['phase']
  #summary: ArchiveSummary | undefined
  #entries = 0
  #opened = 0
  #damaged = 0
  readonly #damagedEntries: number[] = []
  #error = ''
  #duration: number | undefined
  #stopped = false
  #running: Promise<void> | undefined

  constructor(parts: DrillParts) {
    this.#parts = parts
    this.#phase = parts.source.kind === 'automatic' ? 'fetching' : 'taking'
    this.#startedAt = parts.clock.now()
    this.#began = parts.clock.monotonic()
  }

  report(): DrillReport {
    const { source } = this.#parts
    const meta = this.#summary?.meta
    return {
      state: this.#state,
      phase: this.#phase,
      source: source.kind,
      config: source.kind === 'automatic' ? source.config : '',
      url: source.kind === 'automatic' ? source.url : '',
      created: meta?.created ?? '',
      serverVersion: meta?.serverVersion ?? '',
      clusterId: meta?.clusterId ?? '',
      bytes: this.#parts.spool.size,
      entries: this.#entries,
      opened: this.#opened,
      damaged: this.#damaged,
      damagedEntries: [...this.#damagedEntries],
      error: this.#error,
      startedAt: new Date(this.#startedAt).toISOString(),
      duration: Math.round(this.#duration ?? this.#parts.clock.monotonic() - this.#began),
    }
  }

  /** Rejects as the restore would, before it changes anything. */
  check(): Promise<void> {
    return this.#parts.check()
  }

  /** Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run()
    return this.#running
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, log, spool } = this.#parts
    let proven = false
    try {
      await this.#prove()
      proven = this.#damaged === 0
    } catch (error) {
      this.#error = error instanceof CofferError ? error.message : 'the drill failed; the log says why'
      log.error('the drill failed', { cause: error instanceof Error ? error.name : 'unknown' })
    }
    await spool[Symbol.asyncDispose]().catch(() => undefined)
    this.#duration = clock.monotonic() - this.#began
    this.#state = proven ? 'succeeded' : 'failed'
    const { state, entries, opened, damaged } = this.report()
    log.info('a drill has ended', { state, entries, opened, damaged })
  }

  async #prove(): Promise<void> {
    const { spool, source, scratchFolder } = this.#parts
    if (source.kind !== 'given') await spool.fill(source.read())
    // What lay somewhere meanwhile may be of another vault, or changed: a restore would refuse it.
    if (source.kind === 'automatic') await this.check()
    this.#phase = 'restoring'
    const folder = await mkdtemp(join(scratchFolder, PREFIX))
    try {
      const { LmdbDriver } = await import('../storage/drivers/lmdb.ts')
      const scratch = new LmdbDriver({ path: folder })
      try {
        await scratch.replace(this.#counted())
        this.#phase = 'reading'
        await this.#read(scratch)
      } finally {
        await scratch.close()
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async *#counted(): AsyncGenerator<readonly Entry[]> {
    const pages = readArchive(this.#parts.spool)
    try {
      for (;;) {
        const next = await pages.next()
        if (next.done === true) {
          this.#summary = next.value
          return
        }
        if (this.#stopped) throw snapshotErrors.BUSY({ what: 'the end of the server' })
        this.#entries += next.value.length
        yield next.value
      }
    } finally {
      await pages.return(undefined as never).catch(() => undefined)
    }
  }

  async #read(scratch: Driver): Promise<void> {
    const { vault } = this.#parts
    const snapshot = await scratch.snapshot()
    try {
      const outside = new Map<string, Uint8Array>()
      for (const key of vault.outside) {
        const value = await snapshot.get(key)
        if (value !== undefined) outside.set(key, value)
      }
      const reader = vault.readerOf(outside)
      if (reader === undefined) throw snapshotErrors.OTHER_KEYS()
      try {
        let number = 0
        for await (const page of pagesOf(snapshot)) {
          if (this.#stopped) throw snapshotErrors.BUSY({ what: 'the end of the server' })
          for (const [key, value] of page) this.#open(++number, () => reader.open(key, value))
        }
      } finally {
        reader.close()
      }
    } finally {
      snapshot.close()
    }
    if (this.#opened + this.#damaged !== this.#entries) throw snapshotErrors.DAMAGED({ reason: 'entries are missing' })
  }

  #open(number: number, open: () => Uint8Array): void {
    try {
      open()
      this.#opened++
    } catch (error) {
      if (!(error instanceof CofferError) || error.code !== 'STORAGE_TAMPERED') throw error
      this.#damaged++
      if (this.#damagedEntries.length < MOST_TOLD) this.#damagedEntries.push(number)
    }
  }
}
