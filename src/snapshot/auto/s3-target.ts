/** A bucket of Amazon S3, or of what speaks its protocol. Its client is loaded when the first run needs it. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { AutoSnapshotS3 } from '../../request/snapshot-ports.ts'
import { autoSnapshotErrors } from '../errors.ts'
import { ownSnapshots, type StoredSnapshot, type Target } from './target.ts'

export interface S3Options {
  readonly s3: AutoSnapshotS3
  /** Of the objects' keys: empty, or ends with `/`. */
  readonly pathPrefix: string
  readonly filePrefix: string
}

/** At least 5 MiB by the protocol's rules; 10,000 of these are 156 GiB. */
const PART_BYTES = 16 << 20

export async function openS3Target(options: S3Options): Promise<Target> {
  let sdk: typeof Sdk
  try {
    sdk = await import('@aws-sdk/client-s3')
  } catch (error) {
    throw autoSnapshotErrors.NO_S3(undefined, { cause: error })
  }
  return new S3Target(options, sdk, new sdk.S3Client(clientConfig(options.s3)))
}

class S3Target implements Target {
  readonly #options: S3Options
  readonly #sdk: typeof Sdk
  readonly #client: S3Client

  constructor(options: S3Options, sdk: typeof Sdk, client: S3Client) {
    this.#options = options
    this.#sdk = sdk
    this.#client = client
  }

  urlOf(name: string): string {
    const { s3 } = this.#options
    return `s3://${s3.bucket}/${this.#keyOf(name)}`
  }

  /** One part at a time is in memory. */
  async write(name: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    const { s3 } = this.#options
    const at = { Bucket: s3.bucket, Key: this.#keyOf(name) }
    const parts = partsOf(archive)
    const first = await parts.next()
    const second = first.done === true ? first : await parts.next()
    if (first.done === true || second.done === true) {
      const Body = first.done === true ? Buffer.alloc(0) : first.value
      await this.#client.send(new this.#sdk.PutObjectCommand({ ...at, ...encryptionOf(s3), Body }))
      return
    }
    const begun = await this.#client.send(new this.#sdk.CreateMultipartUploadCommand({ ...at, ...encryptionOf(s3) }))
    const upload = { ...at, UploadId: begun.UploadId }
    try {
      const done: { readonly PartNumber: number; readonly ETag: string | undefined }[] = []
      const send = async (Body: Buffer): Promise<void> => {
        const PartNumber = done.length + 1
        const { ETag } = await this.#client.send(new this.#sdk.UploadPartCommand({ ...upload, PartNumber, Body }))
        done.push({ PartNumber, ETag })
      }
      await send(first.value)
      await send(second.value)
      for await (const part of parts) await send(part)
      const MultipartUpload = { Parts: done }
      await this.#client.send(new this.#sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
    } catch (error) {
      // What was uploaded would be kept, and paid for.
      await this.#client.send(new this.#sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined)
      throw error
    } finally {
      await parts.return(undefined).catch(() => undefined)
    }
  }

  async list(): Promise<readonly StoredSnapshot[]> {
    const { s3, pathPrefix, filePrefix } = this.#options
    const found: StoredSnapshot[] = []
    let after: string | undefined
    do {
      const page = await this.#client.send(
        new this.#sdk.ListObjectsV2Command({
          Bucket: s3.bucket,
          Prefix: this.#keyOf(filePrefix),
          ...(after === undefined ? {} : { ContinuationToken: after }),
        }),
      )
      for (const { Key = '', Size = 0 } of page.Contents ?? [])
        found.push({ name: Key.slice(pathPrefix.length), size: Size })
      after = page.NextContinuationToken
    } while (after !== undefined)
    return ownSnapshots(filePrefix, found)
  }

  async *read(name: string): AsyncGenerator<Uint8Array> {
    const { s3 } = this.#options
    const found = await this.#client.send(new this.#sdk.GetObjectCommand({ Bucket: s3.bucket, Key: this.#keyOf(name) }))
    if (found.Body !== undefined) yield* found.Body.transformToWebStream()
  }

  async remove(name: string): Promise<void> {
    const { s3 } = this.#options
    await this.#client.send(new this.#sdk.DeleteObjectCommand({ Bucket: s3.bucket, Key: this.#keyOf(name) }))
  }

  close(): void {
    this.#client.destroy()
  }

  #keyOf(name: string): string {
    return this.#options.pathPrefix + name
  }
}

function clientConfig(s3: AutoSnapshotS3): S3ClientConfig {
  const scheme = s3.disableTls ? 'http' : 'https'
  const endpoint = s3.endpoint === '' || /^https?:\/\//.test(s3.endpoint) ? s3.endpoint : `${scheme}://${s3.endpoint}`
  return {
    region: s3.region,
    forcePathStyle: s3.forcePathStyle,
    tls: !s3.disableTls,
    // Other implementations do not know the newer checksums; the parts' own are always checked.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === '' ? {} : { endpoint }),
    // Without them: what the environment of the server offers, such as the role of the machine.
    ...(s3.accessKeyId === ''
      ? {}
      : {
          credentials: {
            accessKeyId: s3.accessKeyId,
            secretAccessKey: s3.secretAccessKey,
            ...(s3.sessionToken === '' ? {} : { sessionToken: s3.sessionToken }),
          },
        }),
  }
}

function encryptionOf({ enableKms, kmsKey, serverSideEncryption }: AutoSnapshotS3) {
  if (enableKms) return { ServerSideEncryption: 'aws:kms' as const, ...(kmsKey === '' ? {} : { SSEKMSKeyId: kmsKey }) }
  return serverSideEncryption ? { ServerSideEncryption: 'AES256' as const } : {}
}

async function* partsOf(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  let part = Buffer.allocUnsafeSlow(PART_BYTES)
  let filled = 0
  for await (const chunk of archive) {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + PART_BYTES - filled)
      part.set(piece, filled)
      filled += piece.length
      at += piece.length
      if (filled < PART_BYTES) continue
      yield part
      part = Buffer.allocUnsafeSlow(PART_BYTES)
      filled = 0
    }
  }
  if (filled > 0) yield part.subarray(0, filled)
  return undefined
}
