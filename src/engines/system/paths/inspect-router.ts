import { definePath, f, okData, replySchema, type PathDefinition } from '#framework'
import { requestErrors } from '../../../errors/request.ts'
import type { Mount } from '../../../request/mount.ts'

export interface InspectRouterPorts {
  /** Of all namespaces. */
  mounts(): readonly Mount[]
  /** Path of a namespace; empty for the root one. */
  namespacePath(id: string): string
  /** Where what it stores lies; empty where it works on the storage as a whole. */
  storageOf(mount: Mount): string
}

const row = f.object(
  {
    accessor: f.string('Its accessor.'),
    mount_namespace: f.string('Path of its namespace; empty for the root one.'),
    mount_path: f.string('Where it is, in the namespace; of an auth method without `auth/`.'),
    mount_type: f.string('Type of its engine.'),
    uuid: f.string('What names it in storage.'),
    storage_prefix: f.string('Where what it stores lies; for `root` and `storage`.').optional(),
    tainted: f.bool('It is going; for `root` and `storage`.').optional(),
  },
  'A mount.',
)
const routerReply = replySchema('Mounts, by the tag that was asked for.', {}, { members: f.array(row, 'Mounts.') })

/** In what order the mounts of each tag come. */
const ORDERS: Readonly<Record<string, (mount: Mount, ports: InspectRouterPorts) => string>> = {
  root: (mount, ports) => ports.namespacePath(mount.namespaceId) + mount.path,
  uuid: ({ uuid }) => uuid,
  accessor: ({ accessor }) => accessor,
  storage: (mount, ports) => ports.storageOf(mount),
}

export function inspectRouterPaths(ports: InspectRouterPorts): readonly PathDefinition[] {
  return [
    definePath('internal/inspect/router/{tag}', {
      help: 'The table by which requests find their engines.',
      description: 'Served where the configuration says `introspection_endpoint = true`.',
      params: { tag: '`root`, `uuid`, `accessor` or `storage`: by what the mounts are ordered.' },
      flags: { sudo: true, rootNamespaceOnly: true, place: 'node' },
    }).read({
      summary: 'Look at the table by which requests find their engines.',
      replies: { 200: routerReply },
      run: (c) => {
        const { tag } = c.params
        const order = Object.hasOwn(ORDERS, tag) ? ORDERS[tag] : undefined
        if (order === undefined) throw requestErrors.UNSUPPORTED_PATH()
        const sorted = ports
          .mounts()
          .map((mount) => ({ mount, key: order(mount, ports) }))
          .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        const isWhole = tag === 'root' || tag === 'storage'
        return okData(new Map([[tag, sorted.map(({ mount }) => rowOf(mount, ports, isWhole))]]))
      },
    }),
  ]
}

function rowOf(mount: Mount, ports: InspectRouterPorts, isWhole: boolean) {
  return {
    accessor: mount.accessor,
    mount_namespace: ports.namespacePath(mount.namespaceId),
    mount_path: mount.kind === 'auth' ? mount.path.slice('auth/'.length) : mount.path,
    mount_type: mount.type,
    ...(isWhole ? { storage_prefix: ports.storageOf(mount), tainted: mount.tainted } : {}),
    uuid: mount.uuid,
  }
}
