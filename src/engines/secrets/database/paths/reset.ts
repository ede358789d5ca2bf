import { definePath, done, f, none, okData, type PathDefinition } from '#framework'
import { told } from '../databases.ts'
import { databaseErrors } from '../errors.ts'
import { databaseEvent } from '../events.ts'
import { connectionOf } from '../issuing.ts'
import type { Shared, Work } from '../ports.ts'
import { reloadReply } from '../replies.ts'
import { connections } from '../store.ts'

export function resetPaths(shared: Shared): readonly PathDefinition[] {
  const reset = definePath('reset/{name}', {
    help: 'Make the connections to a database anew.',
    params: { name: f.name('Name of the connection.') },
  }).write({
    summary: 'Close the connections to a database and make a new one.',
    operationId: 'database-reset-connection',
    replies: { 204: none },
    prepare: (c) => made(c, shared, c.params.name),
    run: (c) => {
      c.emit(databaseEvent('reset', c.path, c.params.name, { modified: false }))
      return done()
    },
  })
  const reload = definePath('reload/{plugin_name}', {
    help: 'Make the connections to all databases of a kind anew.',
    params: { plugin_name: f.name('Name of the plugin.') },
  }).write({
    summary: 'Close the connections to all databases of a kind and make new ones.',
    operationId: 'database-reload-plugin',
    replies: { 200: reloadReply },
    prepare: async (c) => {
      const reloaded: string[] = []
      const failed: string[] = []
      for (const name of await connections.list(c.view)) {
        if ((await connections.get(c.view, { name }))?.pluginName !== c.params.plugin_name) continue
        try {
          await made(c, shared, name)
          reloaded.push(name)
        } catch {
          failed.push(name)
        }
      }
      if (reloaded.length + failed.length === 0)
        throw databaseErrors.NOTHING_TO_RELOAD({ plugin: c.params.plugin_name })
      return { reloaded, failed }
    },
    run: (c, { reloaded, failed }) => {
      const tell = (operation: string, name: string, modified: boolean) =>
        c.emit(databaseEvent(operation, c.path, name, { modified, plugin_name: c.params.plugin_name }))
      for (const name of reloaded) tell('reload-connection', name, true)
      for (const name of failed) tell('reload-connection-fail', name, false)
      tell('reload', '', true)
      return okData({
        connections: reloaded,
        count: reloaded.length,
        ...(failed.length === 0 ? {} : { reload_failed: failed, reload_failed_count: failed.length }),
      })
    },
  })
  return [reset, reload]
}

async function made(work: Work, shared: Shared, name: string): Promise<void> {
  const connection = await work.apart.read((view) => connectionOf(view, name))
  await shared.databases.drop(work.mount.uuid, name)
  const database = await shared.databases.get(work.mount.uuid, name, connection, work.clock)
  try {
    await database.verify()
  } catch (error) {
    throw told(error, 'error verifying connection')
  }
}
