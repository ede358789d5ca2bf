/** WHERE: which engine, which of its paths and which operation a request means. */
import type { Engine, Found } from '../framework/engine.ts'
import type { Mount } from '../request/mount.ts'
import { rootNamespace, type Namespace, type Request } from '../request/request.ts'
import type { MountIndex } from './mount-index.ts'

export interface Route {
  readonly mount: Mount
  readonly engine: Engine
  /** The request's path below the mount. */
  readonly rest: string
  /** Undefined where the mount has no such path. */
  readonly found: Found | undefined
}

export interface RouterDeps {
  mounts(): MountIndex
  engineOf(mount: Mount): Engine
  /** Whether the operator lets a namespace use a path of the system that is otherwise the root namespace's. */
  admits?(namespace: Namespace, template: string): boolean
}

export class Router {
  readonly #deps: RouterDeps

  constructor(deps: RouterDeps) {
    this.#deps = deps
  }

  /** Undefined where nothing is mounted. A tainted mount answers nothing. */
  route(request: Pick<Request, 'namespace' | 'path' | 'operation'>): Route | undefined {
    const match = this.#deps.mounts().match(request.namespace.id, request.path)
    if (match === undefined || match.mount.tainted) return undefined
    const engine = this.#deps.engineOf(match.mount)
    const found = engine.find(match.rest, request.operation)
    const isHidden =
      found !== undefined && request.namespace.id !== rootNamespace.id && this.#isElsewhere(found, request)
    return { mount: match.mount, engine, rest: match.rest, found: isHidden ? undefined : found }
  }

  /** What there is in the root namespace alone is, in others, a path that does not exist. */
  #isElsewhere({ path, operation }: Found, { namespace }: Pick<Request, 'namespace'>): boolean {
    const flags = operation?.flags ?? path.flags
    return flags.rootNamespaceOnly === true && this.#deps.admits?.(namespace, path.template) !== true
  }
}
