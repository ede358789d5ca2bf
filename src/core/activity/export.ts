/** Every client of a period in a line of its own, as JSON or as CSV. */
import { rfc3339 } from '../../lib/rfc3339.ts'
import type { CountedClient } from './records.ts'
import type { Names } from './report.ts'

const COLUMNS = [
  'client_id',
  'client_type',
  'namespace_id',
  'namespace_path',
  'mount_accessor',
  'mount_path',
  'mount_type',
  'timestamp',
] as const

type Row = { readonly [name in (typeof COLUMNS)[number]]: string }

export async function* exportLines(
  clients: AsyncIterable<CountedClient>,
  format: 'json' | 'csv',
  names: Names,
): AsyncGenerator<Uint8Array> {
  if (format === 'csv') yield Buffer.from(`${COLUMNS.join(',')}\n`)
  let lines: string[] = []
  for await (const client of clients) {
    const row = rowOf(client, names)
    lines.push(format === 'json' ? JSON.stringify(row) : COLUMNS.map((name) => quoted(row[name])).join(','))
    if (lines.length < PIECE) continue
    yield Buffer.from(`${lines.join('\n')}\n`)
    lines = []
  }
  if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`)
}

/** Lines that are sent at once. */
const PIECE = 500

function rowOf(client: CountedClient, names: Names): Row {
  const mount = names.mount(client.accessor)
  return {
    client_id: client.id,
    client_type: client.entity ? 'entity' : 'non-entity-token',
    namespace_id: client.namespace,
    namespace_path: names.namespace(client.namespace) ?? '',
    mount_accessor: client.accessor,
    mount_path: mount?.path ?? '',
    mount_type: mount?.type ?? '',
    timestamp: rfc3339(client.at * 1000),
  }
}

/** RFC 4180. What a table would take for a formula begins with none of these: an id, a path, a time. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
