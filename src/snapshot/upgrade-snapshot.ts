/** One snapshot before a version runs for the first time on what another has left, so that there is a way back. */
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { LocalTarget } from './auto/local-target.ts'
import { nameOf } from './auto/target.ts'

export interface UpgradeSnapshotDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Undefined where nobody said where one would last. */
  readonly folder: string | undefined
  readonly version: string
  take(): AsyncIterable<Uint8Array>
}

/** Of each version one is kept. */
const KEPT = 1

/** Never rejects: a server that cannot take it starts all the same, and says so. */
export async function takeUpgradeSnapshot(deps: UpgradeSnapshotDeps, from: string): Promise<void> {
  const { clock, log, version, folder } = deps
  if (folder === undefined) {
    log.warn(
      'this version runs here for the first time, and no snapshot is taken before: upgrade_snapshot_path is not set',
      {
        from,
        version,
        advice: 'set upgrade_snapshot_path to a folder of this machine that lasts, on every node',
      },
    )
    return
  }
  const filePrefix = `before-${version}`
  try {
    const target = new LocalTarget({ folder, filePrefix, maxSpace: Infinity })
    const name = nameOf(filePrefix, clock.now())
    await target.write(name, deps.take())
    for (const old of (await target.list()).slice(0, -KEPT)) await target.remove(old.name)
    log.info('took a snapshot, as this version runs here for the first time', {
      from,
      version,
      file: join(folder, name),
    })
  } catch (error) {
    log.error('the snapshot before the first start of this version could not be taken; the server starts without it', {
      cause: error instanceof Error ? error.name : 'unknown',
    })
  }
}
