import { definePath, f, okData, replySchema, type JsonOut, type PathDefinition } from '#framework'
import type { Mount } from '../../../request/mount.ts'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'
import { mountInfo, publicInfo } from '../mount-info.ts'
import { pathReply } from '../mount-replies.ts'
import { optionalCaller, visibleMounts } from '../visible-mounts.ts'

const mountsReply = replySchema('Mounts by their paths.', {
  secret: f.map('Secrets engines.'),
  auth: f.map('Auth methods, their paths without "auth/".'),
})

const aclReply = replySchema('What the asking token may do.', {
  root: f.bool('Everything.'),
  exact_paths: f.map('The capabilities on single paths.').optional(),
  glob_paths: f.map('The capabilities below paths.').optional(),
})

const namespacesReply = replySchema('The namespaces that the asking token sees.', {
  keys: f.list('Their paths.').optional(),
})

const AUTH = 'auth/'

export function internalUiPaths(ports: SystemPorts): readonly PathDefinition[] {
  return [...mountPaths(ports), resultantAcl(ports), namespaces(ports)]
}

function mountPaths(ports: SystemPorts): readonly PathDefinition[] {
  const { mounts, namespaces, policies } = ports
  return [
    definePath('internal/ui/mounts', {
      help: 'The mounts that a client may see.',
      description:
        'Without a token those tuned to be listed for everybody; with one also those it may do something in.',
      params: {},
      flags: { unauthenticated: true },
    }).read({
      summary: 'List the mounts that the client may see.',
      replies: { 200: mountsReply },
      run: async (c) => {
        const caller = await optionalCaller(ports, c)
        const visible = await visibleMounts(ports, caller, c.request.namespace, c.view)
        const info = (mount: Mount): JsonOut => (caller === undefined ? publicInfo(mount) : mountInfo(mounts, mount))
        const auth = visible.filter((mount) => mount.kind === 'auth')
        const secret = visible.filter((mount) => mount.kind !== 'auth')
        return okData({
          auth: new Map(auth.map((mount) => [mount.path.slice(AUTH.length), info(mount)])),
          secret: new Map(secret.map((mount) => [mount.path, info(mount)])),
        })
      },
    }),
    definePath('internal/ui/mounts/{path+}', {
      help: 'The mount that serves a path.',
      description: 'The command line asks here which version of "kv" a path is.',
      params: { path: 'A mount, or any path below it.' },
      flags: { anyCaller: true },
    }).read({
      summary: 'Read the mount that serves a path.',
      replies: { 200: pathReply },
      run: async (c) => {
        const path = c.params.path.endsWith('/') ? c.params.path : `${c.params.path}/`
        const { namespace: asked } = c.request
        // A client that names a namespace in a path asks with that path, before it is known to whom it leads.
        const { namespace, path: rest } = namespaces.descend(asked, path)
        const mount = namespaces.lockedAt(namespace) === undefined ? mounts.serving(namespace, rest) : undefined
        const { caller } = c
        // Whether there is no such mount, or none for this token: the answer is the same.
        if (
          mount === undefined ||
          caller === undefined ||
          !(await policies.hasMountAccess(caller, namespace, mount.path, c.view))
        ) {
          throw systemErrors.PREFLIGHT({ path })
        }
        const shown = mount.kind === 'auth' ? mount.path.slice(AUTH.length) : mount.path
        return okData({ ...mountInfo(mounts, mount), path: namespace.path.slice(asked.path.length) + shown })
      },
    }),
  ]
}

function resultantAcl({ policies }: SystemPorts): PathDefinition {
  return definePath('internal/ui/resultant-acl', { help: 'All that the asking token may do.', params: {} }).read({
    summary: 'Tell all that the asking token may do.',
    replies: { 200: aclReply },
    run: async (c) => {
      if (c.caller === undefined) throw systemErrors.PERMISSION_DENIED()
      const { root, exactPaths, globPaths } = await policies.resultantAcl(c.caller, c.request.namespace, c.view)
      if (root) return okData({ root })
      return okData({ root, exact_paths: rulesOf(exactPaths), glob_paths: rulesOf(globPaths) })
    },
  })
}

function rulesOf(rules: ReadonlyMap<string, readonly string[]>): JsonOut {
  return new Map([...rules].map(([path, capabilities]) => [path, { capabilities }]))
}

/** Those below the one that is asked, in which the token may do anything at all. */
function namespaces({ namespaces: table, policies }: SystemPorts): PathDefinition {
  return definePath('internal/ui/namespaces', {
    help: 'The namespaces that the asking token sees.',
    params: {},
    flags: { anyCaller: true },
  }).read({
    summary: 'List the namespaces that the asking token sees.',
    replies: { 200: namespacesReply },
    run: async (c) => {
      const { namespace } = c.request
      const keys: string[] = []
      for (const one of table.below(namespace)) {
        if (one.tainted || c.caller === undefined) continue
        if (await policies.hasMountAccess(c.caller, one, '', c.view)) keys.push(one.path.slice(namespace.path.length))
      }
      return okData(keys.length === 0 ? {} : { keys })
    },
  })
}
