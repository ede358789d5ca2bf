/** The reference page of an engine, in Markdown, from its table of paths. The same table always gives the same text. */
import type { Engine } from '../engine.ts'
import type { Field, Fields } from '../field.ts'
import type { OperationDefinition, PathDefinition, PathFlags } from '../path.ts'
import type { ReplySchema } from '../reply.ts'
import { parseTemplate } from '../template.ts'
import { hasBody, shownOperations, shownPaths } from './operations.ts'

const METHODS = {
  read: 'GET',
  list: 'LIST',
  scan: 'SCAN',
  write: 'POST',
  patch: 'PATCH',
  delete: 'DELETE',
} as const

const FLAGS: readonly (readonly [keyof PathFlags, string])[] = [
  ['unauthenticated', 'Needs no token.'],
  ['login', 'Needs no token; its reply has one.'],
  ['sudo', 'Needs the capability `sudo`.'],
  ['anyCaller', 'Any token will do, whatever its policies.'],
  ['openBy', 'Needs no token where the listener is configured so.'],
  ['anonymousBy', 'Needs no token where the configuration says so (`enable_unauthenticated_access`).'],
  ['whileSealed', 'Answered while the server is sealed, too.'],
  ['unaudited', 'Not written to audit devices.'],
  ['survivesAuditFailure', 'Carried out even if no audit device works.'],
  ['neverWrapped', 'Its reply is not wrapped.'],
  ['rootNamespaceOnly', 'In the root namespace only.'],
  ['rawBody', 'The body is bytes, not JSON.'],
  ['streamedBody', 'The body is bytes of any size, not JSON.'],
  ['arbitraryInput', 'Takes any further members.'],
]

/** `at` is where the engine is usually mounted, with a trailing slash: `sys/`, `secret/`. */
export function referencePage(engine: Engine, title: string, at: string): string {
  const sections = shownPaths(engine).flatMap((path) => pathSection(path, at))
  const text = [`# ${title}`, engine.help, `Paths are shown for an engine mounted at \`${at}\`.`, ...sections].join(
    '\n\n',
  )
  return `${text}\n`
}

function pathSection(path: PathDefinition, at: string): string[] {
  const operations = shownOperations(path)
  if (operations.length === 0) return []
  const params = parseTemplate(path.template).flatMap(({ kind, name }) => {
    if (kind === 'literal') return []
    const slashes = kind === 'one' ? '' : ' May contain slashes.'
    return [`- \`${name}\`: ${path.params[name]?.description ?? ''}${slashes}`]
  })
  return [
    `## \`${at}${shown(path.template)}\``,
    path.help,
    ...(path.description === '' ? [] : [path.description]),
    ...(params.length === 0 ? [] : [params.join('\n')]),
    ...operations.flatMap((operation) => operationSection(operation, `${at}${shown(path.template)}`)),
  ]
}

/** `mounts/{path+}/tune` as `mounts/:path/tune`. */
function shown(template: string): string {
  return template.replace(/\{(\w+)[+*]?\}/g, ':$1')
}

function operationSection(operation: OperationDefinition, path: string): string[] {
  const { summary, description, verb, fields, flags } = operation
  const notes = FLAGS.flatMap(([flag, sentence]) =>
    flags[flag] === undefined || flags[flag] === false ? [] : [sentence],
  )
  const hasFields = Object.keys(fields).length > 0
  return [
    `### ${METHODS[verb]} ${path}`,
    summary,
    ...(description === '' ? [] : [description]),
    ...(notes.length === 0 ? [] : [notes.join(' ')]),
    ...(hasFields
      ? [
          `${hasBody(operation) && flags.streamedBody !== true ? 'Members of the body' : 'Parameters of the query'}:`,
          fieldTable(fields),
        ]
      : []),
    ...Object.entries(operation.replies).flatMap(([status, reply]) =>
      reply === undefined ? [] : replySection(status, reply),
    ),
  ]
}

function fieldTable(fields: Fields): string {
  const rows = Object.entries(fields).flatMap(([name, field]) => {
    const { deprecated, sensitive } = field.traits
    const notes = `${sensitive ? ' Secret.' : ''}${deprecated ? ' Deprecated.' : ''}`
    const row = `| \`${name}\` | ${typeName(field.schema)} | ${needOf(field)} | ${describe(field.schema)}${notes} |`
    return [
      row,
      ...nested(field.schema, name).map(
        ([at, schema]) => `| \`${at}\` | ${typeName(schema)} | | ${describe(schema)} |`,
      ),
    ]
  })
  return ['| Name | Type | Default | |', '|---|---|---|---|', ...rows].join('\n')
}

function needOf(field: Field<unknown>): string {
  const { optional, defaultValue } = field.traits
  if (!optional) return 'required'
  return defaultValue === undefined || defaultValue === '' ? '' : `\`${cell(JSON.stringify(defaultValue))}\``
}

function replySection(status: string, reply: ReplySchema): string[] {
  const raw = reply.contentType === undefined ? '' : ` As \`${reply.contentType}\`, without the envelope.`
  const members = Object.entries(reply.fields).map(([name, field]) => [`\`${name}\``, name, field.schema] as const)
  const further = reply.members === undefined ? [] : [['(any other)', '*', reply.members.schema] as const]
  const rows = [...members, ...further].flatMap(([label, name, schema]) => [
    `| ${label} | ${typeName(schema)} | ${describe(schema)} |`,
    ...nested(schema, name).map(([at, inner]) => `| \`${at}\` | ${typeName(inner)} | ${describe(inner)} |`),
  ])
  const table = rows.length === 0 ? [] : [['| Name | Type | |', '|---|---|---|', ...rows].join('\n')]
  return [`${status}: ${reply.description}${raw}`, ...table]
}

type Schema = { readonly [key: string]: unknown }

/** Members of members, each by its whole name: `config.default_lease_ttl`, `nodes[].hostname`. */
function nested(schema: Schema, name: string): (readonly [string, Schema])[] {
  if (isSchema(schema['items'])) return nested(schema['items'], `${name}[]`)
  if (!isSchema(schema['properties'])) return []
  return Object.entries(schema['properties']).flatMap(([member, inner]) =>
    isSchema(inner) ? [[`${name}.${member}`, inner] as const, ...nested(inner, `${name}.${member}`)] : [],
  )
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}

function describe({ description, enum: values }: Schema): string {
  const text = typeof description === 'string' ? description : ''
  const choices = Array.isArray(values)
    ? ` One of ${values.map((value) => `\`${JSON.stringify(value)}\``).join(', ')}.`
    : ''
  return cell(`${text}${choices}`.trim())
}

function typeName(schema: Schema): string {
  const { type, format, items } = schema
  if (type === 'array') return `list of ${isSchema(items) ? typeName(items) : 'anything'}`
  if (format === 'seconds') return 'duration'
  if (format === 'date-time') return 'time'
  return typeof type === 'string' ? type : 'any'
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
