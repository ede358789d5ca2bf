/** The requests and answers of etcd's API v3 that the driver uses; numbers of fields are those of etcd's `rpc.proto`. */
import { fieldsOf, MessageWriter } from './etcd-protobuf.ts'

export interface KeyValue {
  readonly key: Buffer
  readonly value: Buffer
  readonly createRevision: number
  readonly modRevision: number
}

/** One key, or those from `key` up to `end`, exclusive. */
export interface KeyRange {
  readonly key: Uint8Array
  readonly end?: Uint8Array
}

export interface RangeRequest extends KeyRange {
  readonly limit?: number
  /** Of the store as it stood then; the newest where absent. */
  readonly revision?: number
  /** May be answered by a member alone, from what it has. */
  readonly serializable?: boolean
  readonly keysOnly?: boolean
}

export interface RangeResponse {
  /** The store's newest revision. */
  readonly revision: number
  readonly entries: readonly KeyValue[]
  /** There are more than the limit. */
  readonly more: boolean
}

export type Operation =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array; readonly lease?: number }
  | ({ readonly kind: 'delete' } & KeyRange)
  | ({ readonly kind: 'range' } & RangeRequest)

/** Holds where the key was created, or last changed, at `revision`; 0 is a key that is absent. */
export interface Comparison {
  readonly key: Uint8Array
  readonly target: 'created' | 'changed'
  readonly revision: number
}

/** All comparisons hold: `success`, otherwise `failure`; all of its operations at one moment. No key twice. */
export interface TxnRequest {
  readonly compare: readonly Comparison[]
  readonly success: readonly Operation[]
  readonly failure: readonly Operation[]
}

export interface TxnResponse {
  readonly revision: number
  readonly succeeded: boolean
  /** What the range operations found, in their order. */
  readonly ranges: readonly RangeResponse[]
}

export interface LeaseRequest {
  readonly id: number
  readonly ttlSeconds: number
}

/** 0 seconds: there is no such lease. */
export interface LeaseResponse {
  readonly ttlSeconds: number
}

export interface WatchResponse {
  readonly created: boolean
  readonly canceled: boolean
  readonly reason: string
}

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** A method of the API: its name and how its messages are written and read. */
export interface Method<Request, Response> {
  readonly path: string
  encode(request: Request): Buffer
  decode(message: Buffer): Response
}

export const rangeMethod: Method<RangeRequest, RangeResponse> = {
  path: '/etcdserverpb.KV/Range',
  encode: (request) => writeRange(request).finish(),
  decode: readRange,
}

export const txnMethod: Method<TxnRequest, TxnResponse> = {
  path: '/etcdserverpb.KV/Txn',
  encode({ compare, success, failure }) {
    const writer = new MessageWriter()
    for (const comparison of compare) writer.message(1, writeComparison(comparison))
    for (const operation of success) writer.message(2, writeOperation(operation))
    for (const operation of failure) writer.message(3, writeOperation(operation))
    return writer.finish()
  },
  decode(message) {
    let revision = 0
    let succeeded = false
    const ranges: RangeResponse[] = []
    for (const { id, int, bytes } of fieldsOf(message)) {
      if (id === 1) revision = revisionIn(bytes)
      else if (id === 2) succeeded = int !== 0
      else if (id === 3) for (const part of fieldsOf(bytes)) if (part.id === 1) ranges.push(readRange(part.bytes))
    }
    return { revision, succeeded, ranges }
  },
}

export const compactMethod: Method<{ readonly revision: number }, true> = {
  path: '/etcdserverpb.KV/Compact',
  encode: ({ revision }) => new MessageWriter().int(1, revision).finish(),
  decode: () => true,
}

export const grantMethod: Method<LeaseRequest, LeaseResponse> = {
  path: '/etcdserverpb.Lease/LeaseGrant',
  encode: ({ id, ttlSeconds }) => new MessageWriter().int(1, ttlSeconds).int(2, id).finish(),
  decode: readLease,
}

export const keepAliveMethod: Method<{ readonly id: number }, LeaseResponse> = {
  path: '/etcdserverpb.Lease/LeaseKeepAlive',
  encode: ({ id }) => new MessageWriter().int(1, id).finish(),
  decode: readLease,
}

export const revokeMethod: Method<{ readonly id: number }, true> = {
  path: '/etcdserverpb.Lease/LeaseRevoke',
  encode: ({ id }) => new MessageWriter().int(1, id).finish(),
  decode: () => true,
}

export const watchMethod: Method<KeyRange, WatchResponse> = {
  path: '/etcdserverpb.Watch/Watch',
  encode(range) {
    const create = new MessageWriter().bytes(1, range.key)
    if (range.end !== undefined) create.bytes(2, range.end)
    return new MessageWriter().message(1, create).finish()
  },
  decode(message) {
    let created = false
    let canceled = false
    let reason = ''
    for (const { id, int, bytes } of fieldsOf(message)) {
      if (id === 3) created = int !== 0
      else if (id === 4) canceled = int !== 0
      else if (id === 6) reason = bytes.toString()
    }
    return { created, canceled, reason }
  },
}

/** Answers with a token. */
export const authenticateMethod: Method<Credentials, string> = {
  path: '/etcdserverpb.Auth/Authenticate',
  encode: ({ username, password }) =>
    new MessageWriter().bytes(1, Buffer.from(username)).bytes(2, Buffer.from(password)).finish(),
  decode(message) {
    for (const { id, bytes } of fieldsOf(message)) if (id === 2) return bytes.toString()
    return ''
  },
}

function writeRange(request: RangeRequest): MessageWriter {
  const writer = new MessageWriter().bytes(1, request.key)
  if (request.end !== undefined) writer.bytes(2, request.end)
  if (request.limit !== undefined) writer.int(3, request.limit)
  if (request.revision !== undefined) writer.int(4, request.revision)
  return writer.flag(7, request.serializable === true).flag(8, request.keysOnly === true)
}

function writeOperation(operation: Operation): MessageWriter {
  if (operation.kind === 'range') return new MessageWriter().message(1, writeRange(operation))
  if (operation.kind === 'put') {
    const put = new MessageWriter().bytes(1, operation.key).bytes(2, operation.value)
    if (operation.lease !== undefined) put.int(3, operation.lease)
    return new MessageWriter().message(2, put)
  }
  const remove = new MessageWriter().bytes(1, operation.key)
  if (operation.end !== undefined) remove.bytes(2, operation.end)
  return new MessageWriter().message(3, remove)
}

function writeComparison({ key, target, revision }: Comparison): MessageWriter {
  const equal = 0
  const writer = new MessageWriter().int(1, equal)
  if (target === 'created') return writer.int(2, 1).bytes(3, key).int(5, revision)
  return writer.int(2, 2).bytes(3, key).int(6, revision)
}

function readRange(message: Buffer): RangeResponse {
  let revision = 0
  let more = false
  const entries: KeyValue[] = []
  for (const { id, int, bytes } of fieldsOf(message)) {
    if (id === 1) revision = revisionIn(bytes)
    else if (id === 2) entries.push(readKeyValue(bytes))
    else if (id === 3) more = int !== 0
  }
  return { revision, entries, more }
}

function readKeyValue(message: Buffer): KeyValue {
  let key: Buffer = NOTHING
  let value: Buffer = NOTHING
  let createRevision = 0
  let modRevision = 0
  for (const { id, int, bytes } of fieldsOf(message)) {
    if (id === 1) key = bytes
    else if (id === 2) createRevision = int
    else if (id === 3) modRevision = int
    else if (id === 5) value = bytes
  }
  return { key, value, createRevision, modRevision }
}

function readLease(message: Buffer): LeaseResponse {
  for (const { id, int } of fieldsOf(message)) if (id === 3) return { ttlSeconds: int }
  return { ttlSeconds: 0 }
}

function revisionIn(header: Buffer): number {
  for (const { id, int } of fieldsOf(header)) if (id === 3) return int
  return 0
}

const NOTHING = Buffer.alloc(0)
