/** What secrets engines and auth methods have in common: a path, a type, options, a configuration that can be tuned. */
import { types, type FieldTable } from '../field.ts'
import type { Kind, Subject } from '../kind.ts'
import { DeclarationError } from '../problem.ts'
import { isMap, textAt, type Fields, type Value } from '../value.ts'
import type { MountClass, World } from '../world.ts'

const CONFIG = 'config.'

const table: FieldTable = {
  type: { type: types.text, fixed: true, needed: true },
  description: { type: types.text },
  options: { type: types.map },
  local: { type: types.flag, fixed: true },
  seal_wrap: { type: types.flag, fixed: true },
  external_entropy_access: { type: types.flag, fixed: true },
  'config.default_lease_ttl': { type: types.seconds },
  'config.max_lease_ttl': { type: types.seconds },
  'config.force_no_cache': { type: types.flag, fixed: true },
  'config.listing_visibility': { type: types.text, initial: 'hidden' },
  'config.token_type': { type: types.text, initial: 'default-service' },
  'config.audit_non_hmac_request_keys': { type: types.set },
  'config.audit_non_hmac_response_keys': { type: types.set },
  'config.passthrough_request_headers': { type: types.set },
  'config.allowed_response_headers': { type: types.set },
  'config.allowed_managed_keys': { type: types.set },
  'config.delegated_auth_accessors': { type: types.set },
  'config.identity_token_key': { type: types.text },
  'config.plugin_version': { type: types.text },
  'config.user_lockout_config': { type: types.any },
}

const TTLS: ReadonlySet<string> = new Set(['default_lease_ttl', 'max_lease_ttl'])

export interface MountLike {
  readonly block: string
  readonly what: MountClass
  /** Mounts that the server makes by itself. */
  readonly builtIn: ReadonlySet<string>
}

export function mountLike({ block, what, builtIn }: MountLike): Kind {
  return {
    block,
    label: 'a path',
    id: mountPath,
    prepare,
    subject: async (path, world) => mountSubject(what, path, world),
    list: async (world) => [...(await world.mounts(what)).keys()].filter((path) => !builtIn.has(path)).map(bare),
    mayPrune: async (path) => !builtIn.has(`${path}/`),
  }
}

function mountPath(label: string): string {
  const path = label.replace(/^\/+|\/+$/g, '')
  if (path === '' || path.split('/').includes('')) throw new DeclarationError('a mount takes a path such as "apps"')
  return path
}

function bare(path: string): string {
  return path.slice(0, -1)
}

/** `kv-v2` is a name for `kv` with its version. */
function prepare(fields: Fields): Fields {
  const version = /^kv-v([12])$/.exec(textAt(fields, 'type'))?.[1]
  if (version === undefined) return fields
  const options = fields.get('options')
  const given: ReadonlyMap<string, Value> = isMap(options) ? options : new Map()
  return new Map([...fields, ['type', 'kv'], ['options', new Map([...given, ['version', version]])]])
}

function mountSubject(what: MountClass, path: string, world: World): Subject {
  const api = `sys/${what}/${path}`
  return {
    table,
    read: async () => {
      const fields = (await world.mounts(what)).get(`${path}/`)?.fields
      return fields === undefined ? undefined : flat(fields)
    },
    create: async (fields) => void (await world.write(api, nested(fields))),
    update: async (changed) => void (await world.write(`${api}/tune`, tuned(changed))),
    remove: () => world.remove(api),
  }
}

/** The members of `config` beside the others, as `config.max_lease_ttl`. */
function flat(fields: Fields): Fields {
  const config = fields.get('config')
  const inner = isMap(config) ? [...config].map(([name, value]) => [CONFIG + name, value] as const) : []
  return new Map([...[...fields].filter(([name]) => name !== 'config'), ...inner])
}

function nested(fields: Fields): Fields {
  const config = [...fields].filter(([name]) => name.startsWith(CONFIG))
  const rest = [...fields].filter(([name]) => !name.startsWith(CONFIG))
  return new Map<string, Value>([
    ...rest,
    ['config', new Map(config.map(([name, value]) => [name.slice(CONFIG.length), value]))],
  ])
}

function tuned(changed: Fields): Fields {
  const out = new Map<string, Value>()
  for (const [name, value] of changed) {
    const short = name.startsWith(CONFIG) ? name.slice(CONFIG.length) : name
    // 0 would leave it as it is.
    out.set(short, TTLS.has(short) && types.seconds.normal(value) === 0 ? 'system' : value)
  }
  return out
}
