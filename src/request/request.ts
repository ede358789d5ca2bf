/** A request whose bytes were read and checked, and whose path was decoded once: every later stage uses this same path. */
import type { RawJson } from '../lib/json/index.ts'
import type { Operation } from './operation.ts'
import type { PeerCertificate, ListenerTraits } from './wire.ts'

export interface Namespace {
  readonly id: string
  /** Empty for the root namespace, else ends with `/`. */
  readonly path: string
}

export const rootNamespace: Namespace = { id: 'root', path: '' }

export interface Request {
  readonly id: string
  readonly operation: Operation
  /** Canonical, relative to the namespace, without `v1/`: `secret/data/a`. A list or scan ends with `/`. */
  readonly path: string
  readonly namespace: Namespace
  readonly clientToken: string | undefined
  /** Members of the JSON body. */
  readonly body: ReadonlyMap<string, RawJson>
  readonly query: ReadonlyMap<string, string>
  /** The same in the order sent, with what was sent more than once. */
  readonly pairs?: readonly (readonly [name: string, value: string])[]
  /** Bytes of the body where the path asked for them (snapshots); else undefined. */
  readonly rawBody: Uint8Array | undefined
  /** The body as it comes, where the path takes one of any size; iterated once. */
  readonly openBody?: () => AsyncIterable<Uint8Array>
  /** Lower-case names. The token's headers are not among them. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  /** Seconds; undefined if no wrapping was asked for. */
  readonly wrapTtl: number | undefined
  readonly wrapFormat: 'jwt' | undefined
  readonly remoteAddress: string
  readonly remotePort: number
  readonly peerCertificate: PeerCertificate | undefined
  readonly listener: ListenerTraits
  /** Aborted when the client went away or the request's time is over. Made on first use. */
  signal(): AbortSignal
  /** Wall clock at arrival, ms. */
  readonly receivedAt: number
}
