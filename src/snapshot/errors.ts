import { defineErrors } from '../errors/coffer-error.ts'

/** What a configuration of automated snapshots cannot be, and why a run of one fails. */
export const autoSnapshotErrors = defineErrors('SNAPSHOT_AUTO', {
  FIELD: { status: 400, message: (p: { field: string; takes: string }) => `field "${p.field}" takes ${p.takes}` },
  CLOSED_FOLDER: {
    status: 400,
    message: (p: { field: string }) => `field "${p.field}" takes a folder outside of what the server keeps for itself`,
  },
  MAX_SPACE: {
    status: 507,
    message: (p: { max: number }) => `the snapshots would take more than the ${p.max} bytes of local_max_space`,
  },
  UNREADABLE: {
    status: 500,
    message: (p: { config: string; reason: string }) =>
      `the automatic snapshots of "${p.config}" could not be looked into, so which one is the newest is not known: ${p.reason}`,
  },
  NO_S3: { status: 500, message: 'the package @aws-sdk/client-s3, which is optional, is not installed' },
})

/** Why a snapshot is not taken or not restored. Whatever is said here, nothing stored was changed. */
export const snapshotErrors = defineErrors('SNAPSHOT', {
  DAMAGED: { status: 400, message: (p: { reason: string }) => `the snapshot is not whole: ${p.reason}` },
  NOT_ONE: { status: 400, message: (p: { reason: string }) => `this is not a snapshot: ${p.reason}` },
  EMPTY: { status: 400, message: 'a snapshot is expected as the body of the request' },
  NEWER: {
    status: 400,
    message: (p: { version: number }) => `the snapshot has format ${p.version}, which this version cannot read`,
  },
  /** Vault's sentence. */
  OTHER_KEYS: {
    status: 400,
    message:
      'could not verify hash file, possibly the snapshot is using a different set of unseal keys; use the snapshot-force API to bypass this check',
  },
  OTHER_CLUSTER: {
    status: 400,
    message: (p: { cluster: string }) =>
      `the snapshot is of another vault, with cluster id "${p.cluster}"; use the snapshot-force API to replace this vault by that one`,
  },
  OTHER_SEAL: {
    status: 400,
    message: (p: { theirs: string; ours: string }) =>
      `the snapshot is of a vault with a "${p.theirs}" seal, and this server has a "${p.ours}" seal: it could never be unsealed here`,
  },
  NO_VAULT: { status: 400, message: 'the snapshot holds no initialised vault' },
  BUSY: { status: 409, message: (p: { what: string }) => `${p.what} is under way already` },
  NO_ROOM: {
    status: 507,
    message: (p: { bytes: number }) => `the snapshot takes ${p.bytes} bytes, more than the disk has left`,
  },
})
