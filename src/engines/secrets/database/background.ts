/** What the engine does without being asked: takes back what nobody owns, finishes what was broken off, and rotates what is due. */
import type { BackgroundCall } from '#framework'
import type { Shared } from './ports.ts'
import { reasonOf, rotate } from './rotation.ts'
import { settleRoots } from './root-rotation.ts'
import { isMissed, nextRotation } from './schedule.ts'
import { due, rotations, staticRoles } from './store.ts'

/** Seconds. A role's shortest period is as long. */
export const EVERY = 5
/** Roles that are looked at in one run; the next takes the rest. */
const AT_ONCE = 1000

export async function background(b: BackgroundCall, shared: Shared): Promise<void> {
  const results = await Promise.allSettled([
    shared.issuing.settle(b, shared, b.signal),
    settleRoots(b, shared, b.signal),
    rotateDue(b, shared),
  ])
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Databases wait for nobody but themselves: one after the other in each, and all of them at once. */
async function rotateDue(b: BackgroundCall, shared: Shared): Promise<void> {
  const byDatabase = new Map<string, string[]>()
  for (const { name, database } of await dueNow(b)) {
    const names = byDatabase.get(database) ?? []
    byDatabase.set(database, names)
    names.push(name)
  }
  await Promise.all([...byDatabase.values()].map((names) => rotateAll(b, shared, names)))
}

async function rotateAll(b: BackgroundCall, shared: Shared, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (b.signal.aborted) return
    try {
      await rotate(b, shared, name, { ifDue: true })
    } catch (error) {
      b.log.warn('a static role could not be rotated; it is tried again', {
        mount: b.mount.path,
        role: name,
        reason: reasonOf(error),
      })
    }
  }
}

/** Whose time has come. One whose window has passed gets its next time instead; a place that means nothing goes. */
async function dueNow(b: BackgroundCall): Promise<readonly { readonly name: string; readonly database: string }[]> {
  // Most of the time nothing is.
  if ((await b.apart.read((view) => due.by(view, b.clock.now(), 1))).length === 0) return []
  return b.apart.write(async (view) => {
    const now = b.clock.now()
    const out: { readonly name: string; readonly database: string }[] = []
    for (const { at, name } of await due.by(view, now, AT_ONCE)) {
      const role = await staticRoles.get(view, { name })
      const creating = role === undefined ? (await rotations.get(view, { name }))?.creating : undefined
      if (role === undefined && creating === undefined) due.delete(view, at, name)
      else if (role !== undefined && role.dueAt !== at) due.delete(view, at, name)
      else if (role !== undefined && isMissed(role, now) && !(await rotations.has(view, { name }))) {
        const next = nextRotation(role, now)
        staticRoles.put(view, name, { ...role, nextRotation: next, dueAt: next }, role)
      } else out.push({ name, database: (role ?? creating)?.dbName ?? '' })
    }
    return out
  })
}
