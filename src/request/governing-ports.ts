/** Policy expressions: what the pipeline and `sys/policies/` need of the room that keeps them. Views are of the whole storage. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Sequence } from '../storage/driver.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Approval } from './approval-ports.ts'
import type { Caller } from './caller.ts'
import type { Mount } from './mount.ts'
import type { Operation } from './operation.ts'
import type { Namespace, Request } from './request.ts'

export const enforcementLevels = ['advisory', 'soft-mandatory', 'hard-mandatory'] as const
export type EnforcementLevel = (typeof enforcementLevels)[number]

/** An endpoint governing policy is tied to paths, a role governing one to whoever holds its name. */
export type GoverningType = 'egp' | 'rgp'

export interface GoverningRecord {
  readonly name: string
  /** CEL, as written. */
  readonly text: string
  readonly level: EnforcementLevel
  /** Relative to the namespace, `*` at the end for all that begins so. None of a role governing policy. */
  readonly paths: readonly string[]
}

/** A policy that a request did not pass. */
export interface GoverningFailure {
  readonly name: string
  readonly namespace: Namespace
  readonly type: GoverningType
  readonly level: EnforcementLevel
  /** What comes of it. */
  readonly result: 'denied' | 'overridden' | 'advised'
  /** Which clause, and where; no values. */
  readonly trace: string
}

export interface Governed {
  readonly request: Request
  readonly operation: Operation
  readonly mount: Mount | undefined
  /** Undefined for a request that needs no token. */
  readonly caller: Caller | undefined
  readonly approval: Approval | undefined
  /** Asks that soft-mandatory policies be passed over. */
  readonly override: boolean
}

export interface GoverningPort {
  /** Nothing is governed at all: known without reading anything. `sequence`: of what the request sees, if it sees anything yet. */
  isIdle(sequence: Sequence | undefined): boolean
  /** What the request does not pass, in the order in which it was asked. After one that denies no other is asked. */
  failuresOf(governed: Governed, view: ReadView): Promise<readonly GoverningFailure[]>
}

export interface GoverningPaths {
  list(view: ReadView, namespace: Namespace, type: GoverningType): Awaitable<readonly string[]>
  get(view: ReadView, namespace: Namespace, type: GoverningType, name: string): Promise<GoverningRecord | undefined>
  /** Rejects with what is wrong, and where. */
  put(view: WriteView, namespace: Namespace, type: GoverningType, record: GoverningRecord): Promise<void>
  delete(view: WriteView, namespace: Namespace, type: GoverningType, name: string): Promise<void>
  /** Which would be asked of a request to the path by who holds these policies of a namespace. */
  governing(
    view: ReadView,
    asked: { readonly namespace: Namespace; readonly path: string },
    holder: { readonly namespaceId: string; readonly policies: readonly string[] } | undefined,
  ): Promise<
    readonly (Pick<GoverningRecord, 'name' | 'level'> & {
      readonly namespace: Namespace
      readonly type: GoverningType
    })[]
  >
}
