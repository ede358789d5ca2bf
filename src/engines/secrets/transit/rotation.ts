/** A new version for a key, asked for or by the clock. */
import type { BackgroundCall, WriteView } from '#framework'
import { transitErrors } from './errors.ts'
import { assertUsable, type Key, type KeyVersion } from './key.ts'
import { keys, keyVersions } from './store.ts'
import { addVersion, generateVersion } from './versions.ts'

export interface PreparedRotation {
  readonly of: Key
  readonly version: KeyVersion
}

/** Throws where the key does not rotate. */
export async function prepareRotation(key: Key, now: number): Promise<PreparedRotation> {
  assertRotates(key)
  return { of: key, version: await generateVersion(key, now) }
}

export function rotate(view: WriteView, key: Key, { of, version }: PreparedRotation): Key {
  assertRotates(key)
  if (key.type !== of.type || key.keySize !== of.keySize || key.convergent !== of.convergent)
    throw transitErrors.REPLACED()
  return addVersion(view, { ...key, imported: false }, version)
}

function assertRotates(key: Key): void {
  assertUsable(key)
  if (key.imported && !key.allowImportedRotation) throw transitErrors.IMPORTED_ROTATION({ name: key.name })
}

/** Rotates every key of the mount whose time has come. One that cannot be rotated does not keep the others from it. */
export async function rotateDue(b: BackgroundCall): Promise<void> {
  for (const name of await b.apart.read((view) => keys.rotating(view))) {
    if (b.signal.aborted) return
    try {
      await rotateIfDue(b, name)
    } catch (error) {
      b.log.error('a transit key could not be rotated by itself', {
        mount: b.mount.path,
        key: name,
        cause: error instanceof Error ? error.name : 'unknown',
      })
    }
  }
}

async function rotateIfDue(b: BackgroundCall, name: string): Promise<void> {
  const now = b.clock.now()
  const due = await b.apart.read((view) => dueKey(view, name, now))
  if (due === undefined) return
  const prepared = await prepareRotation(due, now)
  await b.apart.write(async (view) => {
    const key = await dueKey(view, name, now)
    if (key !== undefined) rotate(view, key, prepared)
  })
}

async function dueKey(view: Parameters<typeof keys.get>[0], name: string, now: number): Promise<Key | undefined> {
  const key = await keys.get(view, name)
  if (key === undefined || key.autoRotatePeriod === 0 || key.softDeleted) return undefined
  if (key.imported && !key.allowImportedRotation) return undefined
  const { createdAt } = await keyVersions.require(view, name, key.latestVersion)
  return now >= createdAt + key.autoRotatePeriod * 1000 ? key : undefined
}
