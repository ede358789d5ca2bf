/**
 * What an expression can look at, by the names that Vault gives to Sentinel; and `now`, as OpenBao calls it. What is written down here is
 * what `input.ts` fills in.
 */

/** Of a value, as far as it is known when the expression is written. */
export type Shape =
  | { readonly kind: 'any' | 'bool' | 'string' | 'int' | 'double' | 'time' | 'span' | 'bytes' | 'null' }
  | { readonly kind: 'list' | 'map'; readonly of: Shape }
  | { readonly kind: 'record'; readonly name: string; readonly fields: ReadonlyMap<string, Shape> }

export const any: Shape = { kind: 'any' }
export const bool: Shape = { kind: 'bool' }
export const text: Shape = { kind: 'string' }
export const int: Shape = { kind: 'int' }
export const time: Shape = { kind: 'time' }

export function listOf(of: Shape): Shape {
  return { kind: 'list', of }
}

function mapOf(of: Shape): Shape {
  return { kind: 'map', of }
}

function record(name: string, fields: Readonly<Record<string, Shape>>): Shape {
  return { kind: 'record', name, fields: new Map(Object.entries(fields)) }
}

const namespace = record('namespace', { id: text, path: text })
const group = record('group', { id: text, name: text, namespace_id: text, metadata: mapOf(text) })
const groups = record('groups', { by_id: mapOf(group), by_name: mapOf(group) })
const alias = record('alias', {
  id: text,
  name: text,
  mount_accessor: text,
  metadata: mapOf(text),
  custom_metadata: mapOf(text),
})
const entity = record('entity', { id: text, name: text, metadata: mapOf(text), aliases: listOf(alias) })

/** What an expression begins with. */
export const roots: ReadonlyMap<string, Shape> = new Map(
  Object.entries({
    request: record('request', {
      path: text,
      operation: text,
      data: mapOf(any),
      headers: mapOf(text),
      connection: record('request.connection', { remote_addr: text, remote_port: int }),
      // "namespace" by itself is a word that CEL has kept for itself.
      namespace,
      mount: record('request.mount', { path: text, type: text, accessor: text }),
      wrapping: record('request.wrapping', { ttl_seconds: int }),
      policy_override: bool,
      unauthenticated: bool,
    }),
    token: record('token', {
      creation_time: text,
      creation_time_unix: int,
      creation_ttl_seconds: int,
      display_name: text,
      entity_id: text,
      metadata: mapOf(text),
      namespace,
      num_uses: int,
      path: text,
      policies: listOf(text),
      type: text,
    }),
    identity: record('identity', { entity, groups }),
    controlgroup: record('controlgroup', {
      request_time: text,
      authorizations: listOf(
        record('authorization', { time: text, entity: record('authorization.entity', { id: text, name: text }) }),
      ),
    }),
    time: record('time', { now: time }),
    now: time,
  }),
)
