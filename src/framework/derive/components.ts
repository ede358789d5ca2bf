/** Schemas that a document's operations share: one of a kind however often an engine is mounted. */
import { stringify, type JsonOut } from '../../lib/json/index.ts'

const ENVELOPE: JsonOut = {
  type: 'object',
  description: 'How replies are sent.',
  required: ['request_id', 'lease_id', 'renewable', 'lease_duration', 'data', 'wrap_info', 'warnings', 'auth'],
  properties: {
    request_id: { type: 'string', description: 'Names the request in audit entries.' },
    lease_id: { type: 'string', description: 'Names the lease of what was lent; empty if nothing was.' },
    renewable: { type: 'boolean', description: 'The lease can be renewed.' },
    lease_duration: { type: 'integer', description: 'Seconds the lease lasts.' },
    data: orNull('object', 'What was asked for.'),
    wrap_info: orNull('object', 'Where the reply is kept, if it was to be wrapped.'),
    warnings: { ...orNull('array', 'What the client should know.'), items: { type: 'string' } },
    auth: orNull('object', 'The token that was made.'),
    mount_type: { type: 'string', description: 'Type of the engine that answered.' },
  },
}

const ERRORS: JsonOut = {
  type: 'object',
  description: 'Why the request failed; empty where there is nothing at the path.',
  required: ['errors'],
  properties: { errors: { type: 'array', items: { type: 'string' } } },
}

const RESPONSES: JsonOut = {
  Error: {
    description: 'The request failed.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Errors' } } },
  },
}

const SECURITY: JsonOut = {
  token: { type: 'apiKey', in: 'header', name: 'X-Vault-Token' },
  bearer: { type: 'http', scheme: 'bearer' },
}

export class Components {
  readonly #schemas = new Map<string, JsonOut>([
    ['Envelope', ENVELOPE],
    ['Errors', ERRORS],
  ])
  readonly #texts = new Map<string, string>()

  /** A reference to the schema under a name made from `label`; the same schema gets the same name. */
  refer(label: string, schema: JsonOut): JsonOut {
    const text = stringify(schema)
    const wanted = pascal(label)
    let name = wanted
    for (let n = 2; this.#schemas.has(name) && this.#texts.get(name) !== text; n++) name = `${wanted}${n}`
    this.#schemas.set(name, schema)
    this.#texts.set(name, text)
    return { $ref: `#/components/schemas/${name}` }
  }

  toJson(): JsonOut {
    const schemas = [...this.#schemas].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return { schemas: new Map(schemas), responses: RESPONSES, securitySchemes: SECURITY }
  }
}

function orNull(type: string, description: string): { readonly [name: string]: JsonOut } {
  return { type: [type, 'null'], description }
}

function pascal(label: string): string {
  return label
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
}
