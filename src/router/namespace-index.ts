/** Finds namespaces by their paths and ids. Immutable; the root namespace is always there. */
import { homeNameIn, homeNameOf, homeOf } from '../request/namespace-home.ts'
import type { Located, NamespaceInfo } from '../request/namespace-ports.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'

const ROOT: NamespaceInfo = Object.freeze({
  ...rootNamespace,
  uuid: '',
  customMetadata: new Map(),
  tainted: false,
  lock: undefined,
  home: '',
  sealed: false,
  wiped: false,
})

export class NamespaceIndex {
  readonly #byId: ReadonlyMap<string, NamespaceInfo>
  readonly #byPath: ReadonlyMap<string, NamespaceInfo>
  /** Those with seals of their own, by the names of their homes. */
  readonly #roots: ReadonlyMap<string, NamespaceInfo>
  /** Whether any is locked: none is, as a rule, and then nobody need look. */
  readonly #locks: boolean

  constructor(rows: Iterable<NamespaceInfo>) {
    const all = [...rows]
    this.#byId = new Map(all.map((row) => [row.id, row]))
    this.#byPath = new Map(all.map((row) => [row.path, row]))
    this.#roots = new Map(all.filter(isSealable).map((row) => [homeNameOf(row.id), row]))
    this.#locks = all.some(({ lock }) => lock !== undefined)
  }

  get size(): number {
    return this.#byId.size
  }

  /** In byte order of their paths, without the root namespace. */
  all(): readonly NamespaceInfo[] {
    return [...this.#byId.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** `path` ends with `/`, or is empty. */
  at(path: string): NamespaceInfo | undefined {
    return path === '' ? ROOT : this.#byPath.get(path)
  }

  byId(id: string): NamespaceInfo | undefined {
    return id === ROOT.id ? ROOT : this.#byId.get(id)
  }

  /** The namespace whose home is called so. */
  rootOf(homeName: string): NamespaceInfo | undefined {
    return this.#roots.get(homeName)
  }

  /** Whether an administrator has sealed the one whose home is called so, or one above it. */
  isMarkedSealed(homeName: string): boolean {
    for (let root = this.#roots.get(homeName); root !== undefined; root = this.#roots.get(homeNameIn(root.home)))
      if (root.sealed) return true
    return false
  }

  /** Goes down as long as there is a namespace for the next segment: one look-up more than there are of them. */
  descend(from: Namespace, path: string): Located {
    let namespace = from
    if (this.#byPath.size === 0) return { namespace, path }
    let start = 0
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', start)) {
      const next = this.#byPath.get(namespace.path + path.slice(start, at + 1))
      if (next === undefined) break
      namespace = next
      start = at + 1
    }
    return { namespace, path: start === 0 ? path : path.slice(start) }
  }

  /** In byte order of their paths. */
  below(path: string): readonly NamespaceInfo[] {
    return this.all().filter((row) => row.path.length > path.length && row.path.startsWith(path))
  }

  children(path: string): readonly NamespaceInfo[] {
    return this.below(path).filter((row) => row.path.indexOf('/', path.length) === row.path.length - 1)
  }

  lockedAt(namespace: Namespace): Namespace | undefined {
    if (!this.#locks) return undefined
    const { path } = namespace
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const above = this.#byPath.get(path.slice(0, at + 1))
      if (above?.lock !== undefined) return above
    }
    return undefined
  }

  with(row: NamespaceInfo): NamespaceIndex {
    return new NamespaceIndex([...[...this.#byId.values()].filter((old) => old.id !== row.id), row])
  }

  /** @param storedAs the namespace's key in storage, which ends with its id. */
  without(storedAs: string): NamespaceIndex {
    const id = storedAs.slice(storedAs.lastIndexOf('/') + 1)
    return new NamespaceIndex([...this.#byId.values()].filter((old) => old.id !== id))
  }
}

/** Whether it has a seal of its own: it lies above what that encrypts. */
export function isSealable({ id, home }: NamespaceInfo): boolean {
  return homeOf(id) !== home
}
