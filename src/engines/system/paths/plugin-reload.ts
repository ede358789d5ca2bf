import { absent, definePath, f, ok, okData, replySchema, type CallContext, type PathDefinition } from '#framework'
import { inspectErrors } from '../../../errors/inspect.ts'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import { pluginTypes, type CatalogPort, type EngineReloadPort } from '../../../request/inspect-ports.ts'
import type { Mount } from '../../../request/mount.ts'
import type { Namespace } from '../../../request/request.ts'

export interface PluginReloadPorts {
  readonly catalog: CatalogPort
  readonly engineReloads: EngineReloadPort
  readonly mounts: {
    of(namespace: Namespace): readonly Mount[]
    at(namespace: Namespace, path: string): Mount | undefined
    all(): readonly Mount[]
  }
}

const reloadReply = replySchema('It is reloaded.', { reload_id: f.string('Names the reload.') })
const statusReply = replySchema(
  'Where it was reloaded, by the name of the node.',
  {},
  { members: f.object({ timestamp: f.time('When.'), success: f.bool('It went well.') }, 'On a node.') },
)

export function pluginReloadPaths(ports: PluginReloadPorts): readonly PathDefinition[] {
  const { engineReloads, catalog } = ports
  return [
    definePath('plugins/reload/backend', {
      help: 'Have engines let go of what they hold: caches, connections.',
      description:
        'On every node and thread, whatever the scope. Nothing that is stored changes, and no request is lost.',
      params: {},
      flags: { sudo: true },
    }).write({
      summary: 'Reload engines, by the name of the plugin or by their mounts.',
      fields: {
        plugin: f.string('All mounts of this plugin.').default(''),
        mounts: f.strings('These mounts; of an auth method with `auth/` before it.').default([]),
        scope: f.string('`global`, or nothing.').default(''),
      },
      replies: { 200: reloadReply, 202: reloadReply },
      run: async (c) => {
        const { plugin, mounts: paths, scope } = c.in
        if (plugin === '' && paths.length === 0) throw inspectErrors.RELOAD_NOTHING()
        if (plugin !== '' && paths.length > 0) throw inspectErrors.RELOAD_BOTH()
        if (scope !== '' && scope !== 'global') throw inspectErrors.RELOAD_SCOPE()
        if (plugin !== '' && !pluginTypes.some((type) => catalog.names(type).includes(plugin)))
          throw inspectErrors.RELOAD_NO_PLUGIN({ name: plugin })
        const found = plugin === '' ? paths.map((path) => mountAt(ports, c, path)) : mountsOf(ports, c, plugin)
        const { id } = c.request
        await engineReloads.reload(
          c.view,
          id,
          found.map(({ uuid }) => uuid),
          rfc3339(c.clock.now()),
        )
        return ok(reloadReply, { reload_id: id }, { status: scope === 'global' ? 202 : 200, flatten: true })
      },
    }),
    definePath('plugins/reload/backend/status', {
      help: 'How far a reload has come.',
      params: {},
      flags: { sudo: true, rootNamespaceOnly: true },
    }).read({
      summary: 'Tell how far a reload has come.',
      fields: { reload_id: f.string('Names the reload.').default('') },
      replies: { 200: statusReply },
      run: async (c) => {
        const { reload_id: id } = c.in
        if (id === '') throw inspectErrors.RELOAD_NO_ID()
        const { where, at } = (await engineReloads.status(c.view, id)) ?? absent()
        return okData(new Map([[where, { timestamp: at, success: true }]]))
      },
    }),
  ]
}

/** Asked in the root namespace, those of all. */
function mountsOf({ catalog, mounts }: PluginReloadPorts, c: CallContext, plugin: string): readonly Mount[] {
  // A kind of database is part of the engine.
  const type = catalog.names('database').includes(plugin) ? 'database' : plugin
  const { namespace } = c.request
  const among = namespace.path === '' ? mounts.all() : mounts.of(namespace)
  return among.filter((mount) => mount.type === type)
}

function mountAt({ mounts }: PluginReloadPorts, c: CallContext, path: string): Mount {
  const mount = mounts.at(c.request.namespace, path.endsWith('/') ? path : `${path}/`)
  if (mount === undefined) throw inspectErrors.RELOAD_NO_MOUNT({ path })
  return mount
}
