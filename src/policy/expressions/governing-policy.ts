/** One governing policy as stored, and which paths an endpoint governing one is for. */
import { policyErrors } from '../errors.ts'
import { foldPath } from '../fold-path.ts'
import { homeOf } from '../../request/namespace-home.ts'
import type { GoverningRecord, GoverningType } from '../../request/governing-ports.ts'

/** In one home or in none. */
export const GOVERNING_PREFIX = 'core/governing-policies/'

/** Of a namespace: goes with it. */
export function governingPrefix(namespaceId: string): string {
  return `${homeOf(namespaceId)}${GOVERNING_PREFIX}${namespaceId}/`
}

export function governingKey(namespaceId: string, type: GoverningType, name: string): string {
  return `${governingPrefix(namespaceId)}${type}/${name}`
}

interface Stored {
  readonly policy: string
  readonly enforcement_level: GoverningRecord['level']
  readonly paths: readonly string[]
}

export function encodeGoverning({ text, level, paths }: GoverningRecord): Uint8Array {
  const stored: Stored = { policy: text, enforcement_level: level, paths }
  return Buffer.from(JSON.stringify(stored))
}

export function decodeGoverning(name: string, bytes: Uint8Array): GoverningRecord {
  // The barrier vouches that this is what `encodeGoverning` wrote.
  const stored: Stored = JSON.parse(Buffer.from(bytes).toString())
  return { name, text: stored.policy, level: stored.enforcement_level, paths: stored.paths }
}

/** In the form in which requests have theirs. Throws for what stands for no path. */
export function canonicalPaths(given: readonly string[]): readonly string[] {
  const paths = new Set<string>()
  for (const one of given) {
    const path = one.trim().replace(/^\/+/, '')
    if (path === '') continue
    if (path.slice(0, -1).includes('*') || path.split('/').includes('+')) throw policyErrors.PATH({ path })
    paths.add(path)
  }
  if (paths.size === 0) throw policyErrors.PATHS()
  return [...paths]
}

/** Which requests a policy's paths are for. Other spellings of a name are not a way around it. */
export class PathSet {
  readonly #exact: ReadonlySet<string>
  readonly #prefixes: readonly string[]

  constructor(paths: readonly string[]) {
    const folded = paths.map((path) => foldPath(path))
    this.#exact = new Set(folded.filter((path) => !path.endsWith('*')))
    this.#prefixes = folded.filter((path) => path.endsWith('*')).map((path) => path.slice(0, -1))
  }

  /** @param path folded, relative to the policy's namespace. A list ends with a slash that the policy need not have. */
  has(path: string): boolean {
    return (
      this.#exact.has(path) ||
      (path.endsWith('/') && this.#exact.has(path.slice(0, -1))) ||
      this.#prefixes.some((prefix) => path.startsWith(prefix))
    )
  }
}
