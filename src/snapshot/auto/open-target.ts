import type { AutoSnapshotConfig } from '../../request/snapshot-ports.ts'
import { LocalTarget } from './local-target.ts'
import { openS3Target } from './s3-target.ts'
import type { Target } from './target.ts'

export async function openTarget(config: AutoSnapshotConfig): Promise<Target> {
  const { pathPrefix, filePrefix, localMaxSpace, s3 } = config
  if (config.storageType === 'local')
    return new LocalTarget({ folder: pathPrefix, filePrefix, maxSpace: localMaxSpace })
  const trimmed = pathPrefix.replace(/^\/+/, '')
  return openS3Target({ s3, filePrefix, pathPrefix: trimmed === '' || trimmed.endsWith('/') ? trimmed : `${trimmed}/` })
}
