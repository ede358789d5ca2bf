/** What the house has to know of a mount and its engine. */
import type { Engine } from '../framework/engine.ts'
import type { Mount } from '../request/mount.ts'
import { mountStorage } from '../router/mount-record.ts'

/** Whether what an engine's tokens may do depends on a role that is named when one is asked for. */
export function hasRoles(engine: Engine): boolean {
  return engine.paths.some(({ operations }) => [...operations.values()].some(({ role }) => role !== undefined))
}

/** The prefix of what a mount stores, in `keeping`; none for the engines that see all of the storage. */
export function storageOf(mount: Mount, engine: Engine, keeping: Mount): string {
  return mount.kind === 'system' || engine.type === 'token' ? '' : mountStorage(keeping)
}
