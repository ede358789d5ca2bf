/**
 * The most specific quota of a type for a request or a lease: that of a role before that of a path, a whole path before the longest
 * beginning of one, then that of the mount, of the namespace, and of the nearest namespace above that lets its own be inherited.
 */
import type { Namespace } from '../request/request.ts'
import type { QuotaRule } from './rule.ts'

interface OfMount<R> {
  whole: R | undefined
  readonly paths: Map<string, R>
  /** Longest first. */
  beginnings: { readonly prefix: string; readonly rule: R }[]
  readonly roles: Map<string, R>
}

/** Where something happens. */
export interface Spot {
  readonly namespace: Namespace
  /** Undefined where nothing is mounted. */
  readonly mountUuid: string | undefined
  /** The path below the mount. */
  readonly rest: string
  /** Empty or undefined where there is none. */
  readonly role: string | undefined
}

export class RuleFinder<R extends QuotaRule> {
  readonly #mounts = new Map<string, OfMount<R>>()
  /** By path: the way up is a way through paths. */
  readonly #namespaces = new Map<string, R>()
  readonly all: readonly R[]

  constructor(rules: readonly R[]) {
    this.all = rules
    for (const rule of rules) {
      if (rule.mountUuid === '') this.#namespaces.set(rule.namespacePath, rule)
      else this.#add(rule)
    }
  }

  get isEmpty(): boolean {
    return this.all.length === 0
  }

  find(spot: Spot): R | undefined {
    return (
      (spot.mountUuid === undefined ? undefined : this.#ofMount(spot.mountUuid, spot)) ??
      this.#ofNamespace(spot.namespace)
    )
  }

  /** Whether the role decides which quota is meant. */
  byRole(mountUuid: string): boolean {
    return (this.#mounts.get(mountUuid)?.roles.size ?? 0) > 0
  }

  #ofMount(uuid: string, { rest, role }: Spot): R | undefined {
    const mount = this.#mounts.get(uuid)
    if (mount === undefined) return undefined
    const ofRole = role === undefined || role === '' ? undefined : mount.roles.get(role)
    if (ofRole !== undefined) return ofRole
    const path = rest.endsWith('/') ? rest.slice(0, -1) : rest
    return mount.paths.get(path) ?? mount.beginnings.find(({ prefix }) => path.startsWith(prefix))?.rule ?? mount.whole
  }

  #ofNamespace({ id, path }: Namespace): R | undefined {
    if (this.#namespaces.size === 0) return undefined
    const own = this.#namespaces.get(path)
    // One of another namespace that had the same path is on its way out.
    if (own?.namespaceId === id) return own
    for (let above = parentOf(path); above !== undefined; above = parentOf(above)) {
      const inherited = this.#namespaces.get(above)
      if (inherited?.inheritable === true) return inherited
    }
    return undefined
  }

  #add(rule: R): void {
    const { mountUuid, suffix, role } = rule
    let mount = this.#mounts.get(mountUuid)
    if (mount === undefined) {
      mount = { whole: undefined, paths: new Map(), beginnings: [], roles: new Map() }
      this.#mounts.set(mountUuid, mount)
    }
    if (role !== '') mount.roles.set(role, rule)
    else if (suffix === '') mount.whole = rule
    else if (suffix.endsWith('*')) {
      mount.beginnings.push({ prefix: suffix.slice(0, -1), rule })
      mount.beginnings.sort((a, b) => b.prefix.length - a.prefix.length)
    } else mount.paths.set(suffix, rule)
  }
}

/** `a/b/` is in `a/`, which is in the root namespace. */
function parentOf(path: string): string | undefined {
  return path === '' ? undefined : path.slice(0, path.lastIndexOf('/', path.length - 2) + 1)
}
