/**
 * An event as JSON, in the form of CloudEvents and with the members that Vault gives it.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/events
 */
import { stringify, type JsonOut } from '../lib/json/index.ts'
import type { Event } from './event.ts'

/** @param source that is the same for all events of this vault, whichever node tells of them. */
export function cloudEvent({ id, time, type, namespace, metadata, mount }: Event, source: string): string {
  const plugin: [string, JsonOut][] = [
    ['mount_class', mount.class],
    ['mount_accessor', mount.accessor],
    ['mount_path', mount.path],
    ['plugin', mount.plugin],
  ]
  if (mount.version !== '') plugin.push(['version', mount.version])
  return stringify({
    id,
    source,
    specversion: '1.0',
    type: '*',
    data: {
      event: { id, metadata },
      ...(namespace.path === '' ? {} : { namespace: namespace.path }),
      event_type: type,
      plugin_info: new Map(plugin),
    },
    // What CloudEvents asks for, and what Vault writes in its place.
    datacontenttype: 'application/json',
    datacontentype: 'application/cloudevents',
    time,
  })
}
