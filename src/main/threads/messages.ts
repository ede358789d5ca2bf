/** What a node's main thread and its serving threads tell each other. Everything here can be cloned between threads. */
import type { AdministrativeNamespace } from '../../request/administrative.ts'
import type { SharedKeys } from '../../core/threads-port.ts'
import type { DeviceRequest } from '../../audit/index.ts'
import type { HeardLine, LogFormat, LogLevel, LogLevelsState, Tallied } from '../../lib/observe/index.ts'
import type { ListenerConfig } from '../../listener/config.ts'
import type { LeaseLimits } from '../../request/ports.ts'
import type { ProfileWish } from '../../request/inspect-ports.ts'
import type { InFlightRequest } from '../../request/system-ports.ts'
import type { RequestHead } from '../../request/handed-over.ts'
import type { Doors } from '../../request/wire.ts'
import type { ThreadStorage } from '../storage.ts'

/** With what a thread starts. */
export interface ThreadData {
  readonly number: number
  readonly shared: SharedArrayBuffer
  readonly rateBuckets: SharedArrayBuffer
  readonly storage: ThreadStorage
  readonly cachedEntries: number
  readonly systemLimits: LeaseLimits
  readonly administrative: AdministrativeNamespace | undefined
  readonly rawStorage: boolean
  readonly introspection: boolean
  readonly auditDevices: readonly DeviceRequest[]
  readonly auditForbiddenFolders: readonly string[]
  readonly allowApiAuditCreation: boolean
  readonly allowAuditPrefix: boolean
  readonly hostname: string
  readonly hostnameHeader: boolean
  readonly levels: LogLevelsState
  readonly logFormat: LogFormat
  readonly logRequests: LogLevel
  readonly maxSeries: number
}

/** What the main thread asks of a thread; each is answered. */
export type Order =
  /** Read with these root keys, which the thread wipes. */
  | { readonly kind: 'open'; readonly keys: SharedKeys }
  /** Read with this root key, which the thread wipes, what lies in the home of a namespace. */
  | { readonly kind: 'openHome'; readonly name: string; readonly rootKey: SharedArrayBuffer }
  /** Wipe its keys. */
  | { readonly kind: 'closeHome'; readonly name: string }
  /** Wipe all keys. */
  | { readonly kind: 'close' }
  | { readonly kind: 'listen'; readonly listeners: readonly ListenerConfig[] }
  | { readonly kind: 'reloadCertificates' }
  | { readonly kind: 'reopenAuditFiles' }
  /** For its listeners, in their order. */
  | { readonly kind: 'doors'; readonly doors: readonly Doors[] }
  | { readonly kind: 'levels'; readonly levels: LogLevelsState; readonly requests: LogLevel }
  | { readonly kind: 'tallies' }
  | { readonly kind: 'inFlight' }
  | { readonly kind: 'profile'; readonly wish: ProfileWish }
  /** Take no more requests; those under way may end, but take no longer than this, ms. */
  | { readonly kind: 'quiet'; readonly grace: number }

export interface OrderResults {
  readonly open: undefined
  readonly openHome: undefined
  readonly closeHome: undefined
  readonly close: undefined
  readonly listen: undefined
  readonly reloadCertificates: undefined
  readonly reopenAuditFiles: undefined
  readonly doors: undefined
  readonly levels: undefined
  readonly tallies: readonly Tallied[]
  readonly inFlight: readonly InFlightRequest[]
  readonly profile: string
  readonly quiet: undefined
}

export type ReplyBody = string | Uint8Array | undefined

/** A failure that has a row in the error table; others arrive as an internal error. */
export interface Failure {
  readonly code: string
  readonly status: number
  readonly messages: readonly string[]
}

export type ToThread =
  | { readonly kind: 'order'; readonly id: number; readonly order: Order }
  /** Whether the device took the lines. */
  | { readonly kind: 'audited'; readonly id: number; readonly taken: boolean }
  /** The body of a request is wanted. */
  | { readonly kind: 'wantBody'; readonly id: number }
  | {
      readonly kind: 'reply'
      readonly id: number
      readonly status: number
      readonly headers: readonly (readonly [string, string])[]
      readonly body: ReplyBody
      /** The body comes in pieces, of which each is asked for. */
      readonly streamed: boolean
    }
  /** A piece of a reply; the last one is undefined. */
  | { readonly kind: 'piece'; readonly id: number; readonly bytes: Uint8Array | undefined; readonly failed?: true }
  /** The next piece of a request's body is wanted; `done` if no more is. */
  | { readonly kind: 'wantPiece'; readonly id: number; readonly done: boolean }

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  | { readonly kind: 'log'; readonly line: string }
  /** For those who look on while the log is written. */
  | { readonly kind: 'heard'; readonly line: HeardLine }
  | { readonly kind: 'request'; readonly id: number; readonly head: RequestHead; readonly body: Uint8Array | undefined }
  | { readonly kind: 'body'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'noBody'; readonly id: number; readonly failure: Failure }
  /** Lines of an audit device whose chain the main thread keeps. */
  | { readonly kind: 'audit'; readonly id: number; readonly device: string; readonly lines: Uint8Array }
  /** The client went away, or its time is over. */
  | { readonly kind: 'gone'; readonly id: number; readonly expired: boolean }
  /** The next piece of a streamed reply is wanted; `done` if no more is. */
  | { readonly kind: 'wantPiece'; readonly id: number; readonly done: boolean }
  | { readonly kind: 'piece'; readonly id: number; readonly bytes: Uint8Array | undefined; readonly failure?: Failure }
