/** Namespaces: what other rooms need of the table of them. Views are those of the whole storage. */
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Namespace } from './request.ts'

/** A row of the table. */
export interface NamespaceInfo extends Namespace {
  readonly uuid: string
  readonly customMetadata: ReadonlyMap<string, string>
  /** Being deleted: nothing in it is served any more. */
  readonly tainted: boolean
  /** Its API is locked, and that of what is below it. */
  readonly lock: NamespaceLock | undefined
  /** The folder that this row lies in: of the nearest namespace above with a seal of its own; empty where there is none. */
  readonly home: string
  /** An administrator has sealed it, and nobody has unsealed it since. */
  readonly sealed: boolean
  /** Being deleted while it is sealed: with all that nobody can read. */
  readonly wiped: boolean
}

export interface NamespaceLock {
  /** Of the key that unlocks it: whoever reads the storage does not get the key. */
  readonly keyHash: string
}

/** Which namespace a request is for, and its path in there. */
export interface Located {
  readonly namespace: Namespace
  readonly path: string
}

/** The namespaces as they are in memory, for the way of each request. */
export interface NamespaceLookup {
  /**
   * What the header says, and how far the path goes down from there. A namespace that does not exist has the id `''`: nothing is mounted
   * there. Throws `NAMESPACE_HEADER` for a header that is no canonical path.
   */
  locate(header: string | undefined, path: string): Located
  /** The namespace that a path leads to from another one, and the rest of the path. */
  descend(from: Namespace, path: string): Located
  /** Undefined for one that is gone or going. */
  byId(id: string): Namespace | undefined
  /** The nearest namespace, at the one given or above it, whose API is locked. */
  lockedAt(namespace: Namespace): Namespace | undefined
  /** Whether the keys of what is stored in it are not in this core's memory. */
  isSealed(namespace: Namespace): boolean
  /** The same of the home that is called so. */
  isHomeSealed(homeName: string): boolean
  /** All below a namespace, however deep, in byte order of their paths. */
  below(namespace: Namespace): readonly NamespaceInfo[]
}

/** `sys/namespaces`. Names are of namespaces directly below the one given. */
export interface NamespacesPort extends NamespaceLookup {
  /** In byte order of their names. */
  children(parent: Namespace): readonly NamespaceInfo[]
  get(parent: Namespace, name: string): NamespaceInfo | undefined
  /** Makes it with its own mounts and policies, or changes the metadata of one that is there. */
  put(view: WriteView, parent: Namespace, name: string, metadata: ReadonlyMap<string, string>): Promise<NamespaceInfo>
  /** Makes one with a home of its own, which is open meanwhile. Rejects with `NAMESPACE_SEAL_STAYS` where there is one of that name. */
  putSealable(
    view: WriteView,
    parent: Namespace,
    name: string,
    metadata: ReadonlyMap<string, string>,
    homeName: string,
  ): Promise<NamespaceInfo>
  /** `null` takes a key away. Undefined where there is no such namespace. */
  patch(
    view: WriteView,
    parent: Namespace,
    name: string,
    metadata: ReadonlyMap<string, string | null>,
  ): Promise<NamespaceInfo | undefined>
  /**
   * In transactions of its own: from the first on nothing in it is served; then all it lent is taken back and all it stored removed, in
   * the background and also after a restart. Tells whether there was such a namespace, and whether all of it is gone already.
   */
  delete(parent: Namespace, name: string): Promise<'absent' | 'going' | 'gone'>
  /** Returns the key that unlocks it. `path` leads from the namespace given to the one meant; empty for itself. */
  lock(view: WriteView, from: Namespace, path: string): Promise<string>
  /** `key` undefined: the caller may do without. */
  unlock(view: WriteView, from: Namespace, path: string, key: string | undefined): Promise<void>
}

/** Rejects with `NAMESPACE_ABSENT` where the namespace is not there, or is going: asked in the transaction of what is written in it. */
export type AssertNamespace = (view: ReadView, id: string) => Promise<void>
