/** What may be mounted where. Pure rules, with Vault's sentences. */
import { mountErrors } from '../errors/mounts.ts'
import type { Mount, MountTuning } from '../request/mount.ts'
import type { MountInit } from '../request/system-ports.ts'

/** No mount lies at or below these; `auth/` is where auth methods go, the others are the server's own. */
const RESERVED = ['auth/', 'sys/', 'cubbyhole/', 'identity/', 'audit/']
/** There is one of each, and it stays. */
const SINGLETONS = new Set(['system', 'cubbyhole', 'identity', 'token'])

/** What else is in the namespace. */
export interface Neighbours {
  readonly mounts: { conflict(path: string, except?: string): Mount | undefined }
  /** Paths of the namespaces below it, relative to it. */
  readonly namespaces: readonly string[]
}

export function assertMountable(init: MountInit, around: Neighbours & { readonly known: boolean }): void {
  const { mounts, known, namespaces } = around
  const shown = shownPath(init)
  if (init.kind === 'auth' && init.type === 'token') throw mountErrors.TOKEN_ONCE()
  if (SINGLETONS.has(init.type)) throw mountErrors.NOT_MOUNTABLE({ type: init.type })
  if (!known) throw mountErrors.TYPE_UNKNOWN({ type: init.type })
  if (init.kind === 'secret' && RESERVED.some((reserved) => init.path.startsWith(reserved)))
    throw mountErrors.PROTECTED({ verb: 'mount', path: shown })
  const namespace = hiding(namespaces, init.path)
  if (namespace !== undefined) throw mountErrors.PATH_IN_USE({ path: namespace })
  const inUse = mounts.conflict(init.path)
  if (inUse !== undefined) throw mountErrors.PATH_IN_USE({ path: shownPath(inUse) })
  const { defaultLeaseTtl = 0, maxLeaseTtl = 0 } = init.tuning
  if (maxLeaseTtl > 0 && defaultLeaseTtl > maxLeaseTtl) throw mountErrors.TTL_ORDER()
}

/** The server's own mounts neither go nor change. */
export function isFixed(mount: Mount): boolean {
  return SINGLETONS.has(mount.type)
}

export function assertRemovable(mount: Mount): void {
  if (mount.type === 'token') throw mountErrors.TOKEN_STAYS()
  if (SINGLETONS.has(mount.type)) throw mountErrors.PROTECTED({ verb: 'unmount', path: shownPath(mount) })
}

export function assertMovable(
  mount: Mount,
  target: string,
  { mounts, namespaces, stays }: Neighbours & { readonly stays: boolean },
): void {
  if (SINGLETONS.has(mount.type)) throw mountErrors.PROTECTED({ verb: 'remount', path: mount.path })
  if ((mount.kind === 'auth') !== target.startsWith('auth/')) throw mountErrors.KIND_DIFFERS()
  const below = mount.kind === 'auth' ? target.slice('auth/'.length) : target
  if (below === '' || (mount.kind !== 'auth' && RESERVED.some((reserved) => target.startsWith(reserved)))) {
    throw mountErrors.PROTECTED({ verb: 'remount to', path: target })
  }
  const inUse = hiding(namespaces, target) ?? mounts.conflict(target, mount.uuid)
  if (inUse !== undefined || (stays && target === mount.path)) throw mountErrors.TARGET_IN_USE({ path: target })
}

export function assertTuning(tuning: MountTuning): void {
  const { defaultLeaseTtl, maxLeaseTtl } = tuning
  if (maxLeaseTtl > 0 && defaultLeaseTtl > maxLeaseTtl)
    throw mountErrors.TTL_TUNE({ max: maxLeaseTtl, default: defaultLeaseTtl })
}

/** The namespace that requests to the path would end up in. */
function hiding(namespaces: readonly string[], path: string): string | undefined {
  return namespaces.find((name) => path.startsWith(name) || name.startsWith(path))
}

/** Auth methods are spoken of without `auth/`. */
export function shownPath(mount: { readonly kind: string; readonly path: string }): string {
  return mount.kind === 'auth' && mount.path.startsWith('auth/') ? mount.path.slice('auth/'.length) : mount.path
}
