/** Parameters, bodies and replies of an operation in OpenAPI. */
import type { JsonOut } from '../../lib/json/index.ts'
import { objectSchema } from '../f.ts'
import type { Field, Fields } from '../field.ts'
import type { OperationDefinition, PathDefinition } from '../path.ts'
import type { ReplySchema } from '../reply.ts'
import { parseTemplate } from '../template.ts'
import type { Components } from './components.ts'

export function pathParameters(path: PathDefinition): readonly JsonOut[] {
  return parseTemplate(path.template)
    .filter(({ kind }) => kind !== 'literal')
    .map(({ kind, name }) => {
      const field = path.params[name]
      const slashes = kind === 'one' ? '' : ' May contain slashes.'
      return {
        name,
        in: 'path',
        required: true,
        description: `${field?.description ?? ''}${slashes}`,
        schema: field?.schema ?? { type: 'string' },
      }
    })
}

/** Of a read, list, scan or delete, and of what takes a stream. */
export function queryParameters(
  operation: OperationDefinition,
  siblings: readonly OperationDefinition[],
): readonly JsonOut[] {
  const { verb, fields, flags: own } = operation
  if ((verb === 'write' || verb === 'patch') && own.streamedBody !== true) return []
  const declared = Object.entries(fields).map(([name, field]) => queryParameter(name, field))
  if (verb !== 'list' && verb !== 'scan') return declared
  const both = siblings.length > 1
  const flags = siblings.map((sibling) => ({
    name: sibling.verb,
    in: 'query',
    required: !both,
    description: sibling.summary,
    schema: { type: 'string', enum: ['true'] },
  }))
  return [...flags, ...declared]
}

function queryParameter(name: string, field: Field<unknown>): JsonOut {
  const { optional, deprecated, defaultValue } = field.traits
  const schema = { ...field.schema, ...(defaultValue === undefined ? {} : { default: defaultValue }) }
  return {
    name,
    in: 'query',
    required: !optional,
    description: field.description,
    ...(deprecated ? { deprecated: true } : {}),
    schema,
  }
}

/** Undefined where the operation takes nothing. */
export function bodyOf(operation: OperationDefinition, components: Components, name: string): JsonOut | undefined {
  const { fields, flags, verb } = operation
  if (flags.rawBody === true || flags.streamedBody === true) {
    return { required: true, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } }
  }
  if (Object.keys(fields).length === 0 && flags.arbitraryInput !== true) return undefined
  const required = Object.values(fields).some((field) => !field.traits.optional)
  const type = verb === 'patch' ? 'application/merge-patch+json' : 'application/json'
  return { required, content: { [type]: { schema: components.refer(`${name}-request`, schemaOf(fields)) } } }
}

export function repliesOf(operation: OperationDefinition, components: Components, name: string): JsonOut {
  const out: Record<string, JsonOut> = {}
  const statuses = Object.entries(operation.replies)
  for (const [status, reply] of statuses) {
    if (reply === undefined) continue
    const label = statuses.length === 1 ? `${name}-response` : `${name}-response-${status}`
    out[status] = { description: reply.description, ...contentOf(reply, status, components, label) }
  }
  return { ...out, default: { $ref: '#/components/responses/Error' } }
}

function contentOf(reply: ReplySchema, status: string, components: Components, label: string): { content?: JsonOut } {
  if (status === '204') return {}
  const type = reply.contentType ?? 'application/json'
  if (!type.startsWith('application/json')) return { content: { [type]: { schema: { type: 'string' } } } }
  const data = components.refer(label, schemaOf(reply.fields, reply.members))
  if (reply.contentType !== undefined) return { content: { [type]: { schema: data } } }
  const enveloped = { type: 'object', properties: { data } }
  return { content: { [type]: { schema: { allOf: [{ $ref: '#/components/schemas/Envelope' }, enveloped] } } } }
}

function schemaOf(fields: Fields, members?: Field<unknown>): JsonOut {
  return { ...objectSchema(fields), ...(members === undefined ? {} : { additionalProperties: members.schema }) }
}
