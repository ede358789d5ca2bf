/** Snapshots of all that is stored, as the system's paths use them. */
import type { ReadView, WriteView } from '../storage/view.ts'

/** How far a drill is, or what came of it. */
export interface DrillReport {
  readonly state: 'running' | 'succeeded' | 'failed'
  /** What is being done; of one that ended, what was done last. */
  readonly phase: 'taking' | 'fetching' | 'restoring' | 'reading'
  /** Whether the snapshot was handed in, taken by the clock before, or taken for the drill. */
  readonly source: 'given' | 'automatic' | 'taken'
  /** Of an automatic one: the name of its configuration, and where it is. */
  readonly config: string
  readonly url: string
  /** RFC 3339: when the snapshot was taken; empty until that is known. */
  readonly created: string
  readonly serverVersion: string
  readonly clusterId: string
  /** Compressed. */
  readonly bytes: number
  readonly entries: number
  /** Entries that were read back and decrypted. */
  readonly opened: number
  /** Entries that could not be. */
  readonly damaged: number
  /** Numbers of the first of them, in the order of their keys, from 1. */
  readonly damagedEntries: readonly number[]
  /** A sentence; empty where nothing else failed. */
  readonly error: string
  /** RFC 3339. */
  readonly startedAt: string
  /** ms so far, or in all. */
  readonly duration: number
}

export interface SnapshotsPort {
  /** The archive, made as it is read. */
  take(): AsyncIterable<Uint8Array>
  /**
   * Puts an archive in place of all that is stored. Rejects with a `SNAPSHOT_*` error where the archive is not whole or not this
   * vault's; nothing was changed then. With `force` it may be another vault's: the server is sealed afterwards, and its shares unseal.
   */
  restore(archive: AsyncIterable<Uint8Array>, force: boolean): Promise<void>
  /**
   * Begins to prove that an archive can be restored: the one handed in or, where the body is empty, the newest automatic one. With
   * `now`, and where there is no automatic one, one is taken. Resolves once what was handed in is here and whole; the rest goes on by
   * itself.
   */
  startDrill(archive: AsyncIterable<Uint8Array>, now: boolean): Promise<DrillReport>
  /** The one under way, or the last. */
  drillReport(): DrillReport | undefined
}

export interface AutoSnapshotConfig {
  /** Seconds. */
  readonly interval: number
  readonly retain: number
  readonly pathPrefix: string
  readonly filePrefix: string
  readonly storageType: 'local' | 'aws-s3'
  /** Bytes. */
  readonly localMaxSpace: number
  readonly s3: AutoSnapshotS3
}

export interface AutoSnapshotS3 {
  readonly bucket: string
  readonly region: string
  /** Empty for Amazon's own. */
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly disableTls: boolean
  readonly forcePathStyle: boolean
  readonly enableKms: boolean
  readonly serverSideEncryption: boolean
  readonly kmsKey: string
}

/** Of the last run and the one under way; texts are empty where there is none. Times are RFC 3339. */
export interface AutoSnapshotStatus {
  readonly lastStart: string
  readonly lastEnd: string
  readonly lastError: string
  readonly lastUrl: string
  /** Of the run under way. */
  readonly start: string
  readonly url: string
  readonly next: string
  readonly consecutiveErrors: number
}

export interface AutoSnapshotsPort {
  list(view: ReadView): Promise<readonly string[]>
  get(view: ReadView, name: string): Promise<AutoSnapshotConfig | undefined>
  /** Throws `SNAPSHOT_AUTO_*` for what cannot work. */
  put(view: WriteView, name: string, config: AutoSnapshotConfig): Promise<void>
  delete(view: WriteView, name: string): Promise<void>
  status(view: ReadView, name: string): Promise<AutoSnapshotStatus | undefined>
}
