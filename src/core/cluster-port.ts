/** What a node's core uses of the cluster around it, and what it gives for that. Only nodes that share a storage have one. */
import type { LeaderAddress, ServerNode } from '../request/system-ports.ts'
import type { WireHandler, WireReply, WireRequest } from '../request/wire.ts'
import type { Sequence } from '../storage/driver.ts'
import type { Store } from '../storage/store.ts'
import type { Follower } from './followed.ts'
import type { ActivePart } from './lifecycle.ts'

export interface ClusterParts {
  readonly store: Store
  /** Carries out what another node has handed over. */
  readonly handler: WireHandler
  /** Whether this node leads. */
  leads(): boolean
}

export interface ClusterPort extends ActivePart, Follower {
  /** What the election tells the others while this node leads. */
  readonly identity: string
  /** Has the leader carry a request out. Rejects with `REQUEST_NO_LEADER` or `REQUEST_FORWARDING`. */
  forward(wire: WireRequest): Promise<WireReply>
  /** The newest commit that a reply of the leader's has told of: nothing older is to be read here any more. */
  readonly floor: Sequence
  nodes(leads: boolean): readonly ServerNode[]
  /** Undefined while nobody leads, or the storage does not tell. */
  leader(): Promise<LeaderAddress | undefined>
}

export type JoinCluster = (parts: ClusterParts) => ClusterPort
