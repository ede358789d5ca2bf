/** An event as it is kept and passed on: what an engine told of, and where and when. */
import { rfc3339 } from '../lib/rfc3339.ts'
import type { EngineEvent } from '../request/event-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { Namespace } from '../request/request.ts'

export interface Event {
  readonly id: string
  /** RFC 3339. */
  readonly time: string
  readonly type: string
  readonly namespace: Namespace
  /** In byte order of the names. */
  readonly metadata: ReadonlyMap<string, string>
  readonly mount: EventMount
}

export interface EventMount {
  readonly class: 'secret' | 'auth' | 'system'
  readonly accessor: string
  readonly path: string
  readonly plugin: string
  /** Of a key-value store; else empty. */
  readonly version: string
}

/** `data-write` of `kv-v2/data-write`. */
export function operationOf(type: string): string {
  return type.slice(type.indexOf('/') + 1)
}

export function eventOf(
  { type, path, dataPath, modified, metadata = {} }: EngineEvent,
  mount: Mount,
  { id, namespace, now }: { readonly id: string; readonly namespace: Namespace; readonly now: number },
): Event {
  const all: [string, string][] = [
    ...Object.entries(metadata),
    ['modified', String(modified)],
    ['operation', operationOf(type)],
    // As whoever subscribes would ask for it.
    ['path', mount.path + path],
  ]
  if (dataPath !== undefined) all.push(['data_path', mount.path + dataPath])
  return {
    id,
    time: rfc3339(now),
    type,
    namespace,
    metadata: sorted(all),
    mount: {
      class: mount.kind,
      accessor: mount.accessor,
      path: mount.path,
      plugin: mount.type,
      version: mount.options.get('version') ?? '',
    },
  }
}

/** The path that a policy has to let its holder subscribe to. */
export function subjectOf({ metadata }: Event): string {
  return metadata.get('data_path') ?? metadata.get('path') ?? ''
}

/** The commit after which what the event tells of is to be seen, as clients demand it (`X-Vault-Index`). */
export function withIndex(event: Event, index: string): Event {
  return { ...event, metadata: sorted([...event.metadata, ['vault_index', index]]) }
}

function sorted(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  return new Map(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
