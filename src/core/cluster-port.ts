/** What a node's core uses of the cluster around it, and what it gives for that. Only nodes that share a storage have one. */
import type { LeaderAddress, ServerNode } from '../request/system-ports.ts'
import type { WireHandler, WireReply, WireRequest } from '../request/wire.ts'
import type { Sequence } from '../storage/driver.ts'
import type { Store } from '../storage/store.ts'
import type { Follower } from './followed.ts'
import type { ActivePart } from './lifecycle.ts'

/** Keys of the namespaces that have seals of their own, by the names of their homes. */
export interface HomeKeysPort {
  /** Which this node could read if it had their keys; none where it leads. */
  missing(): Promise<readonly string[]>
  /** For another node: of those that are open here. Nobody can use them but a node of this vault that is unsealed. */
  handOut(names: readonly string[]): ReadonlyMap<string, Uint8Array>
  /** What another node has handed out. Whether it is open here now. */
  takeIn(name: string, handed: Uint8Array): Promise<boolean>
}

export interface ClusterParts {
  readonly store: Store
  readonly homes: HomeKeysPort
  /** Carries out what another node has handed over. */
  readonly handler: WireHandler
  /** Whether this node leads. */
  leads(): boolean
}

export interface ClusterPort extends ActivePart, Follower {
  /** What the election tells the others while this node leads. */
  readonly identity: string
  /**
   * Has the leader carry a request out. Rejects with `REQUEST_NO_LEADER` or `REQUEST_FORWARDING`. `streamed`: its body may be of any
   * size.
   */
  forward(wire: WireRequest, streamed: boolean): Promise<WireReply>
  /** The newest commit that a reply of the leader's has told of: nothing older is to be read here any more. */
  readonly floor: Sequence
  nodes(leads: boolean): readonly ServerNode[]
  /** Undefined while nobody leads, or the storage does not tell. */
  leader(): Promise<LeaderAddress | undefined>
}

export type JoinCluster = (parts: ClusterParts) => ClusterPort
