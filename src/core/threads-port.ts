/** The threads that serve beside a node's own core, as that core uses them. */
import type { Tallied } from '../lib/observe/index.ts'
import type { ProfileWish } from '../request/inspect-ports.ts'
import type { InFlightRequest } from '../request/system-ports.ts'

export interface ThreadsPort {
  /** Lets them read: resolves when each of them does. The key is wiped by those it is given to. */
  open(shareRootKey: () => SharedArrayBuffer): Promise<void>
  /** Resolves when none of them has a key any more. */
  close(): Promise<void>
  /** What they have counted since they were last asked. */
  tallies(): Promise<ReadonlyMap<number, readonly Tallied[]>>
  inFlight(): Promise<readonly InFlightRequest[]>
  /** Of those that live. */
  numbers(): readonly number[]
  /** A profile of one of them, as JSON. Rejects where it ends meanwhile. */
  profile(number: number, wish: ProfileWish): Promise<string>
}

export const noThreads: ThreadsPort = {
  open: async () => undefined,
  close: async () => undefined,
  tallies: async () => new Map(),
  inFlight: async () => [],
  numbers: () => [],
  profile: () => Promise.reject(new Error('there are no serving threads')),
}
