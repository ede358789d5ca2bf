/** Snapshots on demand: take one, put one in place of everything, prove that one could be. One at a time but for taking. */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { DrillReport, SnapshotsPort } from '../request/snapshot-ports.ts'
import type { Driver } from '../storage/driver.ts'
import type { AutomaticSnapshot } from './auto/auto-snapshots.ts'
import { Drill, type DrillSource } from './drill.ts'
import { snapshotErrors } from './errors.ts'
import type { SnapshotMeta } from './format.ts'
import { readArchive, verifyArchive, type ArchiveSource, type ArchiveSummary } from './read-archive.ts'
import { assertRoom, openSpool, type Spool } from './spool.ts'
import type { Vault } from './vault.ts'
import { writeArchive } from './write-archive.ts'

export interface SnapshotsDeps {
  readonly driver: Driver
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Logger
  readonly version: string
  /** Where archives that come in, and drills, have their files: a private folder. */
  readonly scratchFolder: string
  /** The folder of an embedded store, on whose disk a restore needs room. */
  readonly dataFolder: string | undefined
  /** The newest that was taken by the clock. */
  newestAutomatic(): Promise<AutomaticSnapshot | undefined>
}

/** What an archive was found to be, with the entries that open its vault. */
interface Verified extends ArchiveSummary {
  readonly outside: ReadonlyMap<string, Uint8Array>
}

export class Snapshots implements SnapshotsPort {
  readonly #deps: SnapshotsDeps
  #busy: string | undefined
  #drill: Drill | undefined

  constructor(deps: SnapshotsDeps) {
    this.#deps = deps
  }

  async *take(): AsyncGenerator<Uint8Array> {
    const { driver, vault, clock } = this.#deps
    const identity = vault.identity()
    const snapshot = await driver.snapshot()
    try {
      const meta: SnapshotMeta = {
        clusterId: identity?.id ?? '',
        clusterName: identity?.name ?? '',
        created: new Date(clock.now()).toISOString(),
        serverVersion: this.#deps.version,
        storageType: driver.type,
        sequence: snapshot.sequence,
      }
      yield* writeArchive({ meta, snapshot, seal: (sums) => vault.attest(sums) })
    } finally {
      snapshot.close()
    }
  }

  async restore(archive: AsyncIterable<Uint8Array>, force: boolean): Promise<void> {
    await this.#alone('a restore', async () => {
      const { driver, vault, log, scratchFolder, dataFolder } = this.#deps
      await using spool = await openSpool(scratchFolder)
      await spool.fill(archive)
      if (spool.size === 0) throw snapshotErrors.EMPTY()
      const verified = await this.#verify(spool)
      this.#judge(verified, force)
      if (dataFolder !== undefined) await assertRoom(dataFolder, verified.bytes)
      const { entries, meta } = verified
      const what = { entries, created: meta.created, cluster_id: meta.clusterId, force }
      log.warn('a snapshot is put in place of everything', what)
      await vault.replaceAll(() => driver.replace(readArchive(spool)))
      log.warn('the snapshot was restored', what)
    })
  }

  async startDrill(archive: AsyncIterable<Uint8Array>, now: boolean): Promise<DrillReport> {
    return this.#alone('a drill', async (goOn) => {
      const { clock, log, scratchFolder } = this.#deps
      const spool = await openSpool(scratchFolder)
      try {
        await spool.fill(archive)
        const given = !isNothing(spool.size, await start(spool))
        const drill = new Drill({
          clock,
          log,
          spool,
          source: given ? { kind: 'given' } : await this.#sourceOfDrill(now),
          scratchFolder,
          vault: this.#deps.vault,
          check: async () => this.#judge(await this.#verify(spool), false),
        })
        if (given) await drill.check()
        this.#drill = drill
        goOn(drill.run())
        return drill.report()
      } catch (error) {
        await spool[Symbol.asyncDispose]()
        throw error
      }
    })
  }

  drillReport(): DrillReport | undefined {
    return this.#drill?.report()
  }

  /** Ends what is under way, when the server stops. */
  async stop(): Promise<void> {
    await this.#drill?.stop()
  }

  async #sourceOfDrill(now: boolean): Promise<DrillSource> {
    const snapshot = now ? undefined : await this.#deps.newestAutomatic()
    return snapshot === undefined ? { kind: 'taken', read: () => this.take() } : { kind: 'automatic', ...snapshot }
  }

  async #verify(source: ArchiveSource): Promise<Verified> {
    const outside = new Map<string, Uint8Array>()
    const summary = await verifyArchive(source, (page) => {
      for (const [key, value] of page) if (this.#deps.vault.outside.has(key)) outside.set(key, value)
    })
    return { ...summary, outside }
  }

  /** Throws unless the server can go on from this state; with `force`, unless its shares could ever unseal it here. */
  #judge({ meta, outside, sums, sealed }: Verified, force: boolean): void {
    const { vault } = this.#deps
    for (const key of vault.essential) if (!outside.has(key)) throw snapshotErrors.NO_VAULT()
    const theirs = vault.sealTypeOf(outside)
    if (theirs !== vault.sealType) throw snapshotErrors.OTHER_SEAL({ theirs, ours: vault.sealType })
    if (force) return
    if (meta.clusterId !== vault.identity()?.id) throw snapshotErrors.OTHER_CLUSTER({ cluster: meta.clusterId })
    if (!vault.confirms(sums, sealed)) throw snapshotErrors.OTHER_KEYS()
    const reader = vault.readerOf(outside)
    if (reader === undefined) throw snapshotErrors.OTHER_KEYS()
    reader.close()
  }

  /** `goOn` keeps others out until a promise has ended, too. It must not reject. */
  async #alone<T>(what: string, work: (goOn: (rest: Promise<void>) => void) => Promise<T>): Promise<T> {
    if (this.#busy !== undefined) throw snapshotErrors.BUSY({ what: this.#busy })
    this.#busy = what
    let rest: Promise<void> | undefined
    const free = (): void => {
      this.#busy = undefined
    }
    try {
      return await work((promise) => {
        rest = promise
      })
    } finally {
      if (rest === undefined) free()
      else void rest.then(free)
    }
  }
}

/** Bytes of a body that is looked at for whether it is one. */
const NOTHING_BYTES = 16

/** Clients that always send JSON send an empty object. */
function isNothing(size: number, text: string): boolean {
  return size <= NOTHING_BYTES && ['', '{}', 'null'].includes(text.trim())
}

async function start(spool: Spool): Promise<string> {
  for await (const chunk of spool.bytes()) return Buffer.from(chunk.subarray(0, NOTHING_BYTES)).toString('latin1')
  return ''
}
