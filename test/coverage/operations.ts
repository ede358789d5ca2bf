/** What an OpenAPI document says can be done: its operations, each with the names of the fields that it takes. */
import { memberOf } from '../support/json.ts'

export interface Operation {
  readonly method: string
  readonly path: string
  /** Of the body and of the query, sorted; what only says "list" is left out. */
  readonly fields: readonly string[]
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

export function operationsOf(document: unknown): readonly Operation[] {
  const paths = objectOf(memberOf(document, 'paths'))
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = objectOf(item)[method]
      if (operation === undefined) return []
      const fields = [...bodyFields(document, operation), ...queryFields(operation)].toSorted()
      return [{ method, path, fields: [...new Set(fields)] }]
    }),
  )
}

function bodyFields(document: unknown, operation: unknown): readonly string[] {
  const contents = Object.values(objectOf(memberOf(memberOf(operation, 'requestBody'), 'content')))
  return contents.flatMap((content) => propertiesOf(document, memberOf(content, 'schema')))
}

function propertiesOf(document: unknown, schema: unknown): readonly string[] {
  const reference = memberOf(schema, '$ref')
  if (typeof reference !== 'string') return Object.keys(objectOf(memberOf(schema, 'properties')))
  return propertiesOf(document, reference.slice(2).split('/').reduce<unknown>(memberOf, document))
}

function queryFields(operation: unknown): readonly string[] {
  const parameters = memberOf(operation, 'parameters')
  if (!Array.isArray(parameters)) return []
  return parameters
    .filter((parameter) => memberOf(parameter, 'in') === 'query')
    .map((parameter) => String(memberOf(parameter, 'name')))
    .filter((name) => name !== 'list' && name !== 'scan')
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
