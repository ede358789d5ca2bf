import { realpathSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import type { AutoSnapshotConfig } from '../../request/snapshot-ports.ts'
import { autoSnapshotErrors } from '../errors.ts'

/** Throws `SNAPSHOT_AUTO_FIELD` or `SNAPSHOT_AUTO_CLOSED_FOLDER`. `closed` are files and folders that the server keeps for itself. */
export function checkConfig(config: AutoSnapshotConfig, closed: readonly string[]): void {
  const refuse = (field: string, takes: string): never => {
    throw autoSnapshotErrors.FIELD({ field, takes })
  }
  if (!(config.interval >= 1)) refuse('interval', 'a duration of at least a second')
  if (!(config.retain >= 1)) refuse('retain', 'a number of at least 1')
  if (!/^[\w.-]{1,100}$/.test(config.filePrefix)) refuse('file_prefix', 'letters, digits, "_", "-" and "."')
  if (config.storageType === 'local') return checkLocal(config, closed, refuse)
  const { s3 } = config
  if (s3.bucket === '') refuse('aws_s3_bucket', 'the name of a bucket')
  if (s3.region === '') refuse('aws_s3_region', 'the region of the bucket')
  if ((s3.accessKeyId === '') !== (s3.secretAccessKey === ''))
    refuse('aws_secret_access_key', 'a key together with aws_access_key_id')
  if (s3.enableKms && s3.serverSideEncryption)
    refuse('aws_s3_server_side_encryption', 'nothing together with aws_s3_enable_kms')
}

function checkLocal(
  { pathPrefix, localMaxSpace }: AutoSnapshotConfig,
  closed: readonly string[],
  refuse: (field: string, takes: string) => never,
): void {
  if (!isAbsolute(pathPrefix)) refuse('path_prefix', 'the absolute path of a folder')
  if (!(localMaxSpace >= 1)) refuse('local_max_space', 'a number of bytes')
  const folder = real(resolve(pathPrefix))
  for (const one of closed)
    if (isWithin(folder, real(resolve(one)))) throw autoSnapshotErrors.CLOSED_FOLDER({ field: 'path_prefix' })
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || !(way.startsWith('..') || isAbsolute(way))
}

/** Links followed as far as the path is there. */
function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : resolve(real(parent), relative(parent, path))
  }
}
