/** The threads that serve beside a node's own core, as that core uses them. */
import type { Tallied } from '../lib/observe/index.ts'
import type { ProfileWish } from '../request/inspect-ports.ts'
import type { InFlightRequest } from '../request/system-ports.ts'

/** Root keys, each in memory of its own. */
export interface SharedKeys {
  readonly rootKey: SharedArrayBuffer
  /** Of the namespaces that are open, by the names of their homes. */
  readonly homes: readonly (readonly [string, SharedArrayBuffer])[]
}

export interface ThreadsPort {
  /** Lets them read: resolves when each of them does. Keys are wiped by those they are given to. */
  open(shareKeys: () => SharedKeys): Promise<void>
  /** Lets them read what lies in the home of a namespace; resolves as `open` does. */
  openHome(name: string, shareRootKey: () => SharedArrayBuffer): Promise<void>
  /** Resolves when none of them has a key of it any more. */
  closeHome(name: string): Promise<void>
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
  openHome: async () => undefined,
  closeHome: async () => undefined,
  close: async () => undefined,
  tallies: async () => new Map(),
  inFlight: async () => [],
  numbers: () => [],
  profile: () => Promise.reject(new Error('there are no serving threads')),
}
