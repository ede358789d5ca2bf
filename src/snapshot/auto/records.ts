/** How automated snapshots stand in storage: the only file that spells their keys. */
import { collection, f } from '../../framework/index.ts'
import type { AutoSnapshotConfig } from '../../request/snapshot-ports.ts'

export const AUTO_PREFIX = 'core/snapshot-auto/'

const s3 = f.object({
  bucket: f.string(),
  region: f.string(),
  endpoint: f.string(),
  accessKeyId: f.string(),
  secretAccessKey: f.string(),
  sessionToken: f.string(),
  disableTls: f.bool(),
  forcePathStyle: f.bool(),
  enableKms: f.bool(),
  serverSideEncryption: f.bool(),
  kmsKey: f.string(),
})

export const configs = collection('core/snapshot-auto/config/{name}', {
  interval: f.int(),
  retain: f.int(),
  pathPrefix: f.string(),
  filePrefix: f.string(),
  storageType: f.enum(['local', 'aws-s3']),
  localMaxSpace: f.int(),
  s3,
})

/** Times are ms since the epoch; 0 for never. */
export const runs = collection('core/snapshot-auto/run/{name}', {
  next: f.int(),
  lastStart: f.int(),
  lastEnd: f.int(),
  lastError: f.string(),
  lastUrl: f.string(),
  errors: f.int(),
})

export interface RunRecord {
  readonly next: number
  readonly lastStart: number
  readonly lastEnd: number
  readonly lastError: string
  readonly lastUrl: string
  readonly errors: number
}

export const noRun: RunRecord = { next: 0, lastStart: 0, lastEnd: 0, lastError: '', lastUrl: '', errors: 0 }

export function sameConfig(a: AutoSnapshotConfig, b: AutoSnapshotConfig): boolean {
  return Buffer.compare(configs.encode(a), configs.encode(b)) === 0
}
