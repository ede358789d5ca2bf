import {
  absent,
  definePath,
  done,
  f,
  listing,
  none,
  ok,
  okData,
  pageFields,
  replySchema,
  type JsonOut,
  type PathDefinition,
} from '#framework'
import type { AutoSnapshotConfig, AutoSnapshotS3, AutoSnapshotsPort } from '../../../request/snapshot-ports.ts'

export interface AutoSnapshotPathPorts {
  readonly autoSnapshots: AutoSnapshotsPort
}

const PATH = 'storage/raft/snapshot-auto'
const params = { name: f.name('Name of the configuration.') }
const flags = { rootNamespaceOnly: true, place: 'leader', sudo: true } as const

const configReply = replySchema('The configuration, without its secrets.', {
  interval: f.int('Seconds between snapshots.'),
  retain: f.int('How many are kept.'),
  path_prefix: f.string('Folder, or start of the keys in the bucket.'),
  file_prefix: f.string('Start of their names.'),
  storage_type: f.string('`local` or `aws-s3`.'),
  local_max_space: f.int('Bytes they may take; of `local`.').optional(),
  aws_s3_bucket: f.string('The bucket; this and the following of `aws-s3`.').optional(),
  aws_s3_region: f.string('Its region.').optional(),
  aws_s3_endpoint: f.string('Where it is, if not at Amazon.').optional(),
  aws_access_key_id: f.string('Id of the key to use it with.').optional(),
  aws_s3_disable_tls: f.bool('Without TLS.').optional(),
  aws_s3_force_path_style: f.bool('The name of the bucket stands in the path.').optional(),
  aws_s3_enable_kms: f.bool('Encrypted by the key management service.').optional(),
  aws_s3_kms_key: f.string('Its key.').optional(),
  aws_s3_server_side_encryption: f.bool('Encrypted by the bucket.').optional(),
})
const listReply = replySchema('The configurations.', { keys: f.list('Their names.') })
const statusReply = replySchema('What came of the last run, and what goes on.', {
  last_snapshot_start: f.string('When it began.'),
  last_snapshot_end: f.string('When it ended.'),
  last_snapshot_error: f.string('Why it failed; empty if it did not.'),
  last_snapshot_url: f.string('Where the last good one is.'),
  snapshot_start: f.string('When the one under way began.'),
  snapshot_url: f.string('Where it will be.'),
  next_snapshot_start: f.string('When the next one is due.'),
  consecutive_errors: f.int('How often it failed since it was last good.'),
})

const noS3: AutoSnapshotS3 = {
  bucket: '',
  region: '',
  endpoint: '',
  accessKeyId: '',
  secretAccessKey: '',
  sessionToken: '',
  disableTls: false,
  forcePathStyle: false,
  enableKms: false,
  serverSideEncryption: false,
  kmsKey: '',
}
const noConfig: Omit<AutoSnapshotConfig, 'storageType'> = {
  interval: 0,
  retain: 1,
  pathPrefix: '',
  filePrefix: 'vault-snapshot',
  localMaxSpace: 0,
  s3: noS3,
}

/** As Vault Enterprise documents them; here for every storage. */
export function autoSnapshotPaths({ autoSnapshots }: AutoSnapshotPathPorts): readonly PathDefinition[] {
  return [
    definePath(`${PATH}/config`, { help: 'Snapshots taken by the clock.', params: {}, flags }).list({
      summary: 'List the configurations of automated snapshots.',
      fields: pageFields,
      replies: { 200: listReply },
      run: async (c) => listing(await autoSnapshots.list(c.view)),
    }),
    definePath(`${PATH}/config/{name}`, { help: 'When, where and how many snapshots are kept.', params, flags })
      .read({
        summary: 'Read a configuration of automated snapshots.',
        replies: { 200: configReply },
        run: async (c) => okData(shown((await autoSnapshots.get(c.view, c.params.name)) ?? absent())),
      })
      .write({
        summary: 'Make or change a configuration of automated snapshots.',
        description: 'What is left out stays as it was. The first snapshot is taken at once.',
        fields: {
          interval: f.duration('Time between snapshots.').optional(),
          retain: f
            .int('How many are kept; older ones are removed once a new one is there. 1 if never given.')
            .optional(),
          path_prefix: f.string('The folder (absolute), or what keys in the bucket start with.').optional(),
          file_prefix: f.string('What their names start with; `vault-snapshot` if never given.').optional(),
          storage_type: f.enum(['local', 'aws-s3'], 'Where they go.').optional(),
          local_max_space: f.int('Bytes that all of them may take together, the new one included.').optional(),
          aws_s3_bucket: f.string('The bucket.').optional(),
          aws_s3_region: f.string('Its region.').optional(),
          aws_s3_endpoint: f.string('Where it is, if not at Amazon.').optional(),
          aws_access_key_id: f.string("Id of the key; the machine's own credentials if there is none.").optional(),
          aws_secret_access_key: f.string('The key.').optional().sensitive(),
          aws_session_token: f.string('Its session token.').optional().sensitive(),
          aws_s3_disable_tls: f.bool('Speak HTTP. For tests.').optional(),
          aws_s3_force_path_style: f.bool('Put the name of the bucket into the path.').optional(),
          aws_s3_enable_kms: f.bool('Let the key management service encrypt them once more.').optional(),
          aws_s3_kms_key: f.string('Its key, if not the default.').optional(),
          aws_s3_server_side_encryption: f.bool('Let the bucket encrypt them once more (AES256).').optional(),
        },
        replies: { 204: none },
        run: async (c) => {
          const before = await autoSnapshots.get(c.view, c.params.name)
          const at = before ?? { ...noConfig, storageType: 'local' as const }
          const given = c.in
          await autoSnapshots.put(c.view, c.params.name, {
            interval: given.interval ?? at.interval,
            retain: given.retain ?? at.retain,
            pathPrefix: given.path_prefix ?? at.pathPrefix,
            filePrefix: given.file_prefix ?? at.filePrefix,
            storageType: given.storage_type ?? at.storageType,
            localMaxSpace: given.local_max_space ?? at.localMaxSpace,
            s3: {
              bucket: given.aws_s3_bucket ?? at.s3.bucket,
              region: given.aws_s3_region ?? at.s3.region,
              endpoint: given.aws_s3_endpoint ?? at.s3.endpoint,
              accessKeyId: given.aws_access_key_id ?? at.s3.accessKeyId,
              secretAccessKey: given.aws_secret_access_key ?? at.s3.secretAccessKey,
              sessionToken: given.aws_session_token ?? at.s3.sessionToken,
              disableTls: given.aws_s3_disable_tls ?? at.s3.disableTls,
              forcePathStyle: given.aws_s3_force_path_style ?? at.s3.forcePathStyle,
              enableKms: given.aws_s3_enable_kms ?? at.s3.enableKms,
              serverSideEncryption: given.aws_s3_server_side_encryption ?? at.s3.serverSideEncryption,
              kmsKey: given.aws_s3_kms_key ?? at.s3.kmsKey,
            },
          })
          return done()
        },
      })
      .delete({
        summary: 'Remove a configuration of automated snapshots. Those that were taken stay.',
        replies: { 204: none },
        run: async (c) => {
          await autoSnapshots.delete(c.view, c.params.name)
          return done()
        },
      }),
    definePath(`${PATH}/status/{name}`, {
      help: 'What came of automated snapshots.',
      params,
      flags: { rootNamespaceOnly: true, place: 'leader' },
    }).read({
      summary: 'Tell what came of the last automated snapshot.',
      replies: { 200: statusReply },
      run: async (c) => {
        const status = (await autoSnapshots.status(c.view, c.params.name)) ?? absent()
        return ok(statusReply, {
          last_snapshot_start: status.lastStart,
          last_snapshot_end: status.lastEnd,
          last_snapshot_error: status.lastError,
          last_snapshot_url: status.lastUrl,
          snapshot_start: status.start,
          snapshot_url: status.url,
          next_snapshot_start: status.next,
          consecutive_errors: status.consecutiveErrors,
        })
      },
    }),
  ]
}

/** Without what is secret. */
function shown(config: AutoSnapshotConfig): ReadonlyMap<string, JsonOut> {
  const { s3 } = config
  const local: readonly (readonly [string, JsonOut])[] = [['local_max_space', config.localMaxSpace]]
  const bucket: readonly (readonly [string, JsonOut])[] = [
    ['aws_access_key_id', s3.accessKeyId],
    ['aws_s3_bucket', s3.bucket],
    ['aws_s3_disable_tls', s3.disableTls],
    ['aws_s3_enable_kms', s3.enableKms],
    ['aws_s3_endpoint', s3.endpoint],
    ['aws_s3_force_path_style', s3.forcePathStyle],
    ['aws_s3_kms_key', s3.kmsKey],
    ['aws_s3_region', s3.region],
    ['aws_s3_server_side_encryption', s3.serverSideEncryption],
  ]
  return new Map<string, JsonOut>([
    ['file_prefix', config.filePrefix],
    ['interval', config.interval],
    ...(config.storageType === 'local' ? local : bucket),
    ['path_prefix', config.pathPrefix],
    ['retain', config.retain],
    ['storage_type', config.storageType],
  ])
}
