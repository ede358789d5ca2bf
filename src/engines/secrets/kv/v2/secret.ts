/** A secret with its versions, put together from what is stored. */
import { absent, mergePatch, type RawJson, type ReadView, type WriteView } from '#framework'
import { addVersion, assertCas, isReadable, kvErrors, newMetadata } from './domain.ts'
import type { Metadata, Settings, Version } from './domain.ts'
import { metadata, settings, versionData } from './store.ts'

export interface Secret {
  readonly meta: Metadata
  readonly number: number
  readonly version: Version
  /** Undefined where the version is deleted or destroyed. */
  readonly data: RawJson | undefined
}

/** `wanted` is a version's number; 0 or less means the current one. Throws `REQUEST_NOT_FOUND`. */
export async function readSecret(view: ReadView, path: string, wanted: number, now: number): Promise<Secret> {
  return (await findSecret(view, path, wanted, now)) ?? absent()
}

export async function findSecret(
  view: ReadView,
  path: string,
  wanted: number,
  now: number,
): Promise<Secret | undefined> {
  const meta = await metadata.get(view, { path })
  if (meta === undefined) return undefined
  const number = wanted > 0 ? wanted : meta.currentVersion
  const version = meta.versions.get(number)
  if (version === undefined) return undefined
  if (!isReadable(version, now)) return { meta, number, version, data: undefined }
  const data = await versionData.get(view, path, number)
  if (data === undefined) throw kvErrors.LOST_DATA()
  return { meta, number, version, data }
}

/** A version just written, as the reply tells it. */
export interface Written {
  readonly meta: Metadata
  readonly number: number
  readonly version: Version
}

/** What the client says the current version is: see `assertCas`. */
type Cas = RawJson | null | undefined

/** Writes the next version, and forgets those that are too many. Throws `KV_CAS_…`. */
export async function writeSecret(
  view: WriteView,
  path: string,
  data: RawJson,
  cas: Cas,
  now: number,
): Promise<Written> {
  const rules = await settings.get(view)
  const before = (await metadata.get(view, { path })) ?? newMetadata(now)
  assertCas(cas, rules, before)
  return append(view, path, before, rules, data, now)
}

/**
 * Writes what the current version becomes by a merge patch. Undefined where there is none; a version that is deleted or destroyed
 * is given back as it is, without data. Throws `KV_CAS_…`.
 */
export async function patchSecret(
  view: WriteView,
  path: string,
  patch: RawJson,
  cas: Cas,
  now: number,
): Promise<{ readonly written: Written } | { readonly gone: Secret } | undefined> {
  const current = await findSecret(view, path, 0, now)
  if (current === undefined) return undefined
  const rules = await settings.get(view)
  assertCas(cas, rules, current.meta)
  if (current.data === undefined) return { gone: current }
  return { written: append(view, path, current.meta, rules, mergePatch(current.data, patch), now) }
}

function append(view: WriteView, path: string, before: Metadata, rules: Settings, data: RawJson, now: number): Written {
  const { meta, version, pruned } = addVersion(before, rules, now)
  metadata.put(view, { path }, meta)
  versionData.put(view, path, meta.currentVersion, data)
  for (const number of pruned) versionData.delete(view, path, number)
  return { meta, number: meta.currentVersion, version }
}

/** Replaces a secret's metadata where there is one; gives what it is then. */
export async function changeMetadata(
  view: WriteView,
  path: string,
  change: (meta: Metadata) => Metadata,
): Promise<Metadata | undefined> {
  const before = await metadata.get(view, { path })
  if (before === undefined) return undefined
  const after = change(before)
  metadata.put(view, { path }, after)
  return after
}

/** Removes metadata and every version, in one transaction; gives what was there. */
export async function removeSecret(view: WriteView, path: string): Promise<Metadata | undefined> {
  const meta = await metadata.get(view, { path })
  if (meta === undefined) return undefined
  for (const number of meta.versions.keys()) versionData.delete(view, path, number)
  metadata.delete(view, { path })
  return meta
}
