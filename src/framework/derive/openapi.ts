/**
 * The OpenAPI 3.1 document of mounted engines, from their tables of paths. Source: spec.openapis.org/oas/v3.1.1; the `x-vault-`
 * extensions as Vault's own document has them. HTTP has no LIST for OpenAPI: a list is the GET of the path with a slash at its end and
 * `list=true`, which the servers take too.
 */
import { stringify, type JsonOut } from '../../lib/json/index.ts'
import type { Engine } from '../engine.ts'
import type { OperationDefinition, PathDefinition } from '../path.ts'
import { parseTemplate } from '../template.ts'
import { Components } from './components.ts'
import { hasBody, shownOperations, shownPaths } from './operations.ts'
import { bodyOf, pathParameters, queryParameters, repliesOf } from './openapi-parts.ts'

export interface MountedEngine {
  /** With a trailing slash, an auth method's with `auth/` before it. */
  readonly path: string
  readonly engine: Engine
}

export interface OpenApiInfo {
  readonly version: string
  /** A parameter stands in place of the paths of mounts, except those every server has. */
  readonly genericMountPaths?: boolean
}

type Item = Record<string, JsonOut | undefined>

/** Every server has one of each, always at the same path. */
const FIXED = new Set(['system', 'cubbyhole', 'identity', 'token'])

const METHODS = { read: 'get', list: 'get', scan: 'get', write: 'post', patch: 'patch', delete: 'delete' } as const

/** JSON text. Two mounts never clash: what one path already says is not said twice. */
export function openApi(mounts: readonly MountedEngine[], info: OpenApiInfo): string {
  const writer = new Writer(info)
  for (const mount of mounts.toSorted((a, b) => (a.path < b.path ? -1 : 1))) writer.add(mount)
  return stringify(writer.document())
}

class Writer {
  readonly #info: OpenApiInfo
  readonly #paths = new Map<string, Item>()
  readonly #ids = new Set<string>()
  readonly #components = new Components()

  constructor(info: OpenApiInfo) {
    this.#info = info
  }

  add(mount: MountedEngine): void {
    for (const path of shownPaths(mount.engine)) {
      const operations = shownOperations(path)
      const listing = operations.filter(({ verb }) => verb === 'list' || verb === 'scan')
      const others = operations.filter(({ verb }) => verb !== 'list' && verb !== 'scan')
      this.#addItem(mount, path, others, '')
      this.#addItem(mount, path, listing, '/')
    }
  }

  document(): JsonOut {
    const paths = [...this.#paths].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return {
      openapi: '3.1.0',
      info: {
        title: 'Coffer API',
        description: 'Secrets management over HTTP, compatible with the API of HashiCorp Vault.',
        version: this.#info.version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/v1' }],
      security: [{ token: [] }, { bearer: [] }],
      paths: new Map(paths),
      components: this.#components.toJson(),
    }
  }

  #addItem(
    mount: MountedEngine,
    path: PathDefinition,
    operations: readonly OperationDefinition[],
    end: '' | '/',
  ): void {
    if (operations.length === 0) return
    const prefix = this.#prefixOf(mount)
    const url = `/${prefix.url}${urlOf(path.template)}`
    const key = url.endsWith('/') ? url : url + end
    if (this.#paths.has(key)) return
    const parameters = [...prefix.parameters, ...pathParameters(path)]
    const item: Item = {
      description: path.description === '' ? path.help : `${path.help} ${path.description}`,
      ...(parameters.length === 0 ? {} : { parameters }),
      ...extensionsOf(path, operations),
    }
    for (const operation of operations) {
      const method = METHODS[operation.verb]
      // A path that lists and scans has one GET for both.
      if (item[method] === undefined) item[method] = this.#operation(mount, path, operation, operations)
    }
    this.#paths.set(key, item)
  }

  #operation(
    { path: mountPath, engine }: MountedEngine,
    path: PathDefinition,
    operation: OperationDefinition,
    siblings: readonly OperationDefinition[],
  ): JsonOut {
    const id = this.#unique(operation.operationId ?? slug(`${mountPath} ${operation.verb} ${path.template}`))
    const name = `${engine.type}-${operation.verb}-${path.template}`
    const parameters = queryParameters(operation, siblings)
    const body = hasBody(operation) ? bodyOf(operation, this.#components, name) : undefined
    return {
      summary: operation.summary,
      ...(operation.description === '' ? {} : { description: operation.description }),
      operationId: id,
      tags: [engine.kind === 'auth' ? 'auth' : engine.kind === 'system' ? 'system' : 'secrets'],
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(body === undefined ? {} : { requestBody: body }),
      responses: repliesOf(operation, this.#components, name),
      ...(isOpen(operation) ? { security: [] } : {}),
      ...(operation.flags.sudo === true ? { 'x-vault-sudo': true } : {}),
    }
  }

  #prefixOf({ path, engine }: MountedEngine): { readonly url: string; readonly parameters: readonly JsonOut[] } {
    if (this.#info.genericMountPaths !== true || FIXED.has(engine.type)) return { url: escaped(path), parameters: [] }
    const auth = path.startsWith('auth/') ? 'auth/' : ''
    const name = `${engine.type.replace(/\W/g, '_')}_mount_path`
    const schema = { type: 'string', default: path.slice(auth.length, -1) }
    const parameter = { name, in: 'path', required: true, description: 'Path that the engine was mounted at.', schema }
    return { url: `${auth}{${name}}/`, parameters: [parameter] }
  }

  #unique(wanted: string): string {
    let id = wanted
    for (let n = 2; this.#ids.has(id); n++) id = `${wanted}-${n}`
    this.#ids.add(id)
    return id
  }
}

function urlOf(template: string): string {
  return parseTemplate(template)
    .map(({ kind, name }) => (kind === 'literal' ? encodeURIComponent(name) : `{${name}}`))
    .join('/')
}

function escaped(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

function isOpen({ flags }: OperationDefinition): boolean {
  return flags.unauthenticated === true || flags.login === true
}

function extensionsOf(path: PathDefinition, operations: readonly OperationDefinition[]): Item {
  return {
    ...(operations.every(isOpen) ? { 'x-vault-unauthenticated': true } : {}),
    ...(operations.every(({ flags }) => flags.sudo === true) ? { 'x-vault-sudo': true } : {}),
    ...(path.exists !== undefined && operations.some(hasBody) ? { 'x-vault-createSupported': true } : {}),
  }
}
