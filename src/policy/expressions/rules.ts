/** All governing policies of a server, as they stood at one commit, in the order in which a request is asked. */
import { setImmediate } from 'node:timers/promises'
import type { GoverningRecord, GoverningType } from '../../request/governing-ports.ts'
import { withinHome } from '../../request/namespace-home.ts'
import type { Namespace } from '../../request/request.ts'
import type { Sequence } from '../../storage/driver.ts'
import type { ReadView } from '../../storage/view.ts'
import { foldPath } from '../fold-path.ts'
import { decodeGoverning, GOVERNING_PREFIX, PathSet } from './governing-policy.ts'
import type { Program } from './program.ts'

export interface GoverningPolicy {
  readonly record: GoverningRecord
  readonly namespace: Namespace
  readonly type: GoverningType
  /** Undefined where it cannot be read: written by another version. Nothing passes it. */
  readonly program: Program | undefined
}

interface EndpointPolicy extends GoverningPolicy {
  readonly paths: PathSet
}

export class GoverningRules {
  readonly sequence: Sequence
  /** The homes that could be read. */
  readonly homes: readonly string[]
  readonly isEmpty: boolean
  readonly #endpoint: readonly EndpointPolicy[]
  /** By the namespace's id and the name. */
  readonly #role: ReadonlyMap<string, ReadonlyMap<string, GoverningPolicy>>

  constructor(sequence: Sequence, homes: readonly string[], policies: readonly GoverningPolicy[]) {
    this.sequence = sequence
    this.homes = homes
    this.isEmpty = policies.length === 0
    this.#endpoint = policies
      .filter(({ type }) => type === 'egp')
      .map((policy) => ({ ...policy, paths: new PathSet(policy.record.paths) }))
      // Those of the namespaces above first.
      .toSorted((a, b) => a.namespace.path.length - b.namespace.path.length)
    const role = new Map<string, Map<string, GoverningPolicy>>()
    for (const policy of policies) {
      if (policy.type !== 'rgp') continue
      const own = role.get(policy.namespace.id) ?? new Map<string, GoverningPolicy>()
      role.set(policy.namespace.id, own.set(policy.record.name, policy))
    }
    this.#role = role
  }

  /** Those that somebody holds: names of policies of his own namespace. */
  ofHolder(namespaceId: string, policies: readonly string[]): readonly GoverningPolicy[] {
    const own = this.#role.get(namespaceId)
    if (own === undefined) return []
    return policies.map((name) => own.get(name)).filter((policy) => policy !== undefined)
  }

  /** Those of the path: of its namespace and all above. */
  ofPath(namespace: Namespace, path: string): readonly GoverningPolicy[] {
    if (this.#endpoint.length === 0) return []
    const full = foldPath(namespace.path + path)
    return this.#endpoint.filter(
      (policy) =>
        namespace.path.startsWith(policy.namespace.path) &&
        policy.paths.has(full.slice(foldPath(policy.namespace.path).length)),
    )
  }
}

export interface LoadDeps {
  /** Folders of the namespaces that can be read; empty is that of all that have none. */
  readonly homes: readonly string[]
  /** Undefined for a namespace that is gone or going. */
  namespaceOf(id: string): Namespace | undefined
  programOf(name: string, text: string): Promise<Program | undefined>
}

/** Each is parsed apart from the others, so that nobody waits for all of them. */
export async function loadRules(view: ReadView, deps: LoadDeps): Promise<GoverningRules> {
  const policies: GoverningPolicy[] = []
  const keys: string[] = []
  for (const home of deps.homes) keys.push(...(await view.keys(home + GOVERNING_PREFIX)))
  for (const key of keys) {
    const [id = '', type = '', name = ''] = withinHome(key).slice(GOVERNING_PREFIX.length).split('/')
    const namespace = deps.namespaceOf(id)
    const bytes = namespace && (await view.get(key))
    if (namespace === undefined || bytes === undefined || (type !== 'egp' && type !== 'rgp')) continue
    const record = decodeGoverning(name, bytes)
    policies.push({ record, namespace, type, program: await deps.programOf(name, record.text) })
    await setImmediate()
  }
  return new GoverningRules(view.sequence, deps.homes, policies)
}
