/** Control groups: what the pipeline and `sys/control-group/` need of the room that keeps held requests. Views are of the whole storage. */
import type { ReadView, WriteView } from '../storage/view.ts'
import type { RawJson } from '../lib/json/index.ts'
import type { Caller } from './caller.ts'
import type { Operation } from './operation.ts'
import type { WrapInfo } from './reply.ts'
import type { Namespace, Request } from './request.ts'
import type { Mount } from './mount.ts'
import type { WrappedInfo } from './wrapping-ports.ts'

/** What has to be met before a request is carried out: one factor of a rule's `control_group`. */
export interface HoldFactor {
  readonly name: string
  /** Of groups of `namespaceId`. */
  readonly groupNames: readonly string[]
  readonly groupIds: readonly string[]
  /** How many different members of these groups have to authorize. */
  readonly approvals: number
  /** Of the policy that asks for it. */
  readonly namespaceId: string
}

/** What the rules say of a request that they let through only when others have authorized it. */
export interface Hold {
  readonly factors: readonly HoldFactor[]
  /** Seconds; undefined where no rule says how long it waits at most. */
  readonly ttl: number | undefined
}

/** A request as it was asked for: this, and nothing else, is carried out. */
export interface HeldRequest {
  readonly operation: Operation
  /** Relative to the namespace. */
  readonly path: string
  readonly namespaceId: string
  readonly mountUuid: string
  readonly body: ReadonlyMap<string, RawJson>
  readonly query: ReadonlyMap<string, string>
  readonly rawBody: Uint8Array | undefined
  readonly wrapTtl: number | undefined
  readonly requestId: string
  readonly requester: Person
  /** RFC 3339. */
  readonly requestedAt: string
  readonly factors: readonly HoldFactor[]
  /** Second factors that the requester has shown for it. */
  readonly mfaMethods: readonly string[]
}

export interface Person {
  readonly entityId: string
  readonly entityName: string
  readonly namespaceId: string
}

export interface Authorization extends Person {
  /** RFC 3339. */
  readonly at: string
}

/** A held request that may be carried out, once. */
export interface Approval {
  readonly held: HeldRequest
  /** Those that count. */
  readonly authorizations: readonly Authorization[]
  /**
   * Ends the token and all that is kept for it. Rejects where that was done meanwhile, or where the factors, and those that are asked for
   * besides, are not met any more: to be called in the transaction of what is carried out, or before it.
   */
  spend(view: WriteView, besides: readonly HoldFactor[]): Promise<void>
}

export interface HoldPort {
  /** Keeps a request for the holder of a token, who can have it carried out later. */
  hold(
    view: WriteView,
    asked: {
      readonly request: Request
      readonly operation: Operation
      readonly mount: Mount
      readonly caller: Caller
      readonly hold: Hold
      /** Second factors that were shown for it. */
      readonly mfaMethods: readonly string[]
    },
  ): Promise<WrapInfo>
  /** Rejects where it may not be carried out: for `caller`, now. */
  approval(view: ReadView, token: string, caller: Caller | undefined): Promise<Approval>
}

export interface ApprovalStatus {
  readonly approved: boolean
  readonly held: Pick<HeldRequest, 'operation' | 'path' | 'requester'>
  /** Those that count. */
  readonly authorizations: readonly Authorization[]
}

/** `sys/control-group/` and what `sys/wrapping/` tells of tokens of held requests. */
export interface ApprovalPaths {
  /** Whether the token is that of a held request. */
  isHeld(view: ReadView, token: string): Promise<boolean>
  lookup(view: ReadView, token: string): Promise<WrappedInfo | undefined>
  /** Rejects for an accessor that is none, and for a caller who may not. */
  authorize(
    view: WriteView,
    namespace: Namespace,
    accessor: string,
    caller: Caller | undefined,
  ): Promise<ApprovalStatus>
  status(view: ReadView, namespace: Namespace, accessor: string): Promise<ApprovalStatus>
  /** Seconds; undefined where it is not set. */
  maxTtl(view: ReadView, namespaceId: string): Promise<number | undefined>
  setMaxTtl(view: WriteView, namespaceId: string, seconds: number | undefined): void
}
