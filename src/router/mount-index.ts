/** Finds the mount of a path: the longest mount path that is a prefix of it, segment by segment. Immutable. */
import type { Mount } from '../request/mount.ts'

export interface MountMatch {
  readonly mount: Mount
  /** What is left of the path after the mount's. */
  readonly rest: string
}

export class MountIndex {
  readonly #byPath: ReadonlyMap<string, Mount>
  readonly #byAccessor: ReadonlyMap<string, Mount>
  readonly #byUuid: ReadonlyMap<string, Mount>

  /** Sorted when it is asked for first. */
  #all: readonly Mount[] | undefined

  constructor(mounts: Iterable<Mount>) {
    const all = [...mounts]
    this.#byPath = new Map(all.map((mount) => [key(mount.namespaceId, mount.path), mount]))
    this.#byAccessor = new Map(all.map((mount) => [mount.accessor, mount]))
    this.#byUuid = new Map(all.map((mount) => [mount.uuid, mount]))
  }

  /** In byte order of their paths. */
  all(): readonly Mount[] {
    return (this.#all ??= [...this.#byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1)))
  }

  /** In byte order of their paths. */
  of(namespaceId: string): readonly Mount[] {
    return this.all().filter((mount) => mount.namespaceId === namespaceId)
  }

  at(namespaceId: string, path: string): Mount | undefined {
    return this.#byPath.get(key(namespaceId, path))
  }

  byAccessor(accessor: string): Mount | undefined {
    return this.#byAccessor.get(accessor)
  }

  byUuid(uuid: string): Mount | undefined {
    return this.#byUuid.get(uuid)
  }

  /** `a/b` finds `a/b/` too: a mount's root may be named without its slash. */
  match(namespaceId: string, path: string): MountMatch | undefined {
    let found: MountMatch | undefined
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const mount = this.#byPath.get(key(namespaceId, path.slice(0, at + 1)))
      if (mount !== undefined) found = { mount, rest: path.slice(at + 1) }
    }
    if (path.endsWith('/')) return found
    const whole = this.#byPath.get(key(namespaceId, `${path}/`))
    return whole === undefined ? found : { mount: whole, rest: '' }
  }

  /** A mount that `path` would lie above or below, which would make one of the two unreachable. */
  conflict(namespaceId: string, path: string, except?: string): Mount | undefined {
    for (const mount of this.#byPath.values()) {
      if (mount.namespaceId !== namespaceId || mount.uuid === except) continue
      if (mount.path.startsWith(path) || path.startsWith(mount.path)) return mount
    }
    return undefined
  }

  /** The mounts of one namespace, for asking what a path would clash with. */
  within(namespaceId: string): { conflict(path: string, except?: string): Mount | undefined } {
    return { conflict: (path, except) => this.conflict(namespaceId, path, except) }
  }

  with(mount: Mount): MountIndex {
    return new MountIndex([...[...this.#byUuid.values()].filter((old) => old.uuid !== mount.uuid), mount])
  }

  /** @param storedAs the key of the mount in storage, which ends with its uuid. */
  without(storedAs: string): MountIndex {
    const uuid = storedAs.slice(storedAs.lastIndexOf('/') + 1)
    return new MountIndex([...this.#byUuid.values()].filter((old) => old.uuid !== uuid))
  }
}

function key(namespaceId: string, path: string): string {
  return namespaceId === 'root' ? path : `${namespaceId}:${path}`
}
