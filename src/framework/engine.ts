/**
 * `defineEngine`: an engine is a table of paths, the leases it lends, and what it does when it is mounted and removed.
 *
 * Life of a mount: `mounted` runs in the transaction that adds the mount (its storage is empty); requests and lease calls follow;
 * after `unmounted` its leases are revoked and the framework deletes its storage, resumably.
 */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Mount, MountKind } from '../request/mount.ts'
import type { Operation } from '../request/operation.ts'
import type { LeaseLimits } from '../request/ports.ts'
import type { RenewedGrant, TokenDetails } from '../request/token-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Apart } from './context.ts'
import type { LeaseDefinition } from './lease.ts'
import type { OperationDefinition, PathDefinition } from './path.ts'
import { TemplateIndex } from './template.ts'
import { withWarnings } from './ignored.ts'
import { verbOf } from '../request/operation.ts'

export interface LifecycleCall {
  readonly mount: Mount
  readonly view: WriteView
  readonly clock: Clock
}

export interface BackgroundCall {
  readonly mount: Mount
  readonly apart: Apart
  readonly limits: LeaseLimits
  readonly clock: Clock
  readonly log: Logger
  /** Aborted when this node is not to work any more; what takes long looks at it. */
  readonly signal: AbortSignal
}

/** What an engine does for each of its mounts without being asked, on the leader alone: undoing what a crash left, rotation, tidying. */
export interface Background {
  readonly everySeconds: number
  /** Runs when the node begins to lead, and then again and again, never twice at once for a mount. What it throws is logged. */
  readonly run: (b: BackgroundCall) => Awaitable<void>
}

/** A token that the engine granted is to be prolonged. */
export interface RenewalCall {
  readonly mount: Mount
  readonly view: ReadView
  readonly token: TokenDetails
  /** What the grant kept for this. */
  readonly internal: ReadonlyMap<string, string>
  readonly clock: Clock
  readonly log: Logger
}

export interface EngineInit {
  readonly type: string
  readonly kind: MountKind
  /** As shown by `running_plugin_version`. */
  readonly version?: string
  readonly help: string
  readonly paths: readonly PathDefinition[]
  readonly leases?: readonly LeaseDefinition[]
  /**
   * Of an auth method: how long a token that it granted may live on, since its role may have changed. Throws where the log-in would not
   * succeed any more. Absent, or undefined: as it was granted.
   */
  readonly renewal?: (c: RenewalCall) => Awaitable<RenewedGrant | undefined>
  readonly mounted?: (c: LifecycleCall) => Awaitable<void>
  readonly unmounted?: (c: LifecycleCall) => Awaitable<void>
  readonly background?: Background
  /** The mount goes away, or the node is sealed or changes its role: forgets keys, closes connections. It is safe to call for nothing. */
  readonly released?: (mountUuid: string) => Awaitable<void>
  /**
   * Runs in the transaction that changes a mount's options so that this engine answers in place of `from`; converts what is stored,
   * or throws to refuse. Absent: refused.
   */
  readonly takesOver?: (c: LifecycleCall, from: Engine) => Awaitable<void>
}

export interface Found {
  readonly path: PathDefinition
  /** Undefined where the path exists but not with this operation. */
  readonly operation: OperationDefinition | undefined
  readonly params: ReadonlyMap<string, string>
}

export interface Engine extends EngineInit {
  readonly leaseTypes: ReadonlyMap<string, LeaseDefinition>
  /** `path` is relative to the mount. */
  find(path: string, operation: Operation): Found | undefined
}

export function defineEngine(init: EngineInit): Engine {
  const index = new TemplateIndex<PathDefinition>()
  const paths = init.paths.map(withWarnings)
  for (const path of paths) index.add(path.template, path)
  const leaseTypes = new Map((init.leases ?? []).map((lease) => [lease.type, lease]))
  return Object.freeze({
    ...init,
    paths,
    leaseTypes,
    find: (path: string, operation: Operation): Found | undefined => {
      const match = index.match(path)
      if (match === undefined) return undefined
      const verb = operation === 'help' ? undefined : verbOf(operation)
      return { path: match.value, operation: verb && match.value.operations.get(verb), params: match.params }
    },
  })
}
