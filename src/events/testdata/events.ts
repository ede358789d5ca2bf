/** An event for tests. */
import { rootNamespace } from '../../request/request.ts'
import type { Event } from '../event.ts'

export function testEvent(more: Partial<Event> = {}): Event {
  return {
    id: '2f6a614c-0000-4000-8000-000000000000',
    time: '2026-01-01T00:00:00Z',
    type: 'kv-v2/data-write',
    namespace: rootNamespace,
    metadata: new Map([
      ['current_version', '3'],
      ['operation', 'data-write'],
      ['path', 'secret/data/app'],
    ]),
    mount: { class: 'secret', accessor: 'kv_12345678', path: 'secret/', plugin: 'kv', version: '2' },
    ...more,
  }
}
