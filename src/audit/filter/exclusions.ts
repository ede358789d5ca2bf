/** Members that a device leaves out of its entries: the `exclude` option. */
import { auditErrors } from '../../errors/audit.ts'
import { parseTree, quote, unquote, type JsonTree } from '../../lib/json/index.ts'
import { ExpressionError, parseCondition, type Condition, type Value } from '../../lib/condition/expression.ts'

/** The JSON text of an entry, less what is left out of it. */
export type Exclusions = (json: string) => string

interface Exclusion {
  readonly condition: Condition
  readonly fields: readonly (readonly string[])[]
}

const MAX_EXCLUSIONS = 100

/** `[{"condition": "…", "fields": ["/response/data"]}]`. Throws `AUDIT_FILTER`. */
export function parseExclusions(text: string): Exclusions {
  const exclusions = listOf(text).map(exclusionOf)
  return (json) => {
    const entry = parseTree(json)
    // All are decided by the entry as it was.
    const lookup = (selector: string): Value => valueAt(entry, pointer(selector) ?? [])
    const fields = exclusions.filter(({ condition }) => condition(lookup)).flatMap((one) => one.fields)
    return fields.length === 0 ? json : write(entry, fields)
  }
}

function listOf(text: string): readonly unknown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refused('is no JSON')
  }
  if (!Array.isArray(value)) throw refused('is no list of objects')
  if (value.length > MAX_EXCLUSIONS) throw refused('is too long')
  return value
}

function exclusionOf(value: unknown): Exclusion {
  if (typeof value !== 'object' || value === null) throw refused('is no list of objects')
  const members = new Map<string, unknown>(Object.entries(value))
  for (const name of members.keys())
    if (name !== 'condition' && name !== 'fields') throw refused(`has a member "${name}", which there is not`)
  const condition = members.get('condition') ?? ''
  const fields = members.get('fields')
  if (typeof condition !== 'string') throw refused('has a condition that is no text')
  if (!Array.isArray(fields) || fields.length === 0) throw refused('has no list of fields')
  return { condition: conditionOf(condition), fields: fields.map(fieldOf) }
}

function conditionOf(text: string): Condition {
  if (text.trim() === '') return () => true
  try {
    return parseCondition(text, (selector) => pointer(selector) !== undefined)
  } catch (error) {
    if (error instanceof ExpressionError) throw refused(`has a condition that ${error.message}`)
    throw error
  }
}

function fieldOf(field: unknown): readonly string[] {
  const path = typeof field === 'string' ? pointer(field) : undefined
  if (path === undefined) throw refused('names a field otherwise than as "/request/data"')
  return path
}

function refused(reason: string): Error {
  return auditErrors.FILTER({ option: 'exclude', reason })
}

/** The names of a JSON pointer (RFC 6901); undefined for what is none, and for the whole entry. */
function pointer(text: string): readonly string[] | undefined {
  if (!text.startsWith('/')) return undefined
  return text
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(tree: JsonTree, path: readonly string[]): Value {
  let here: JsonTree | undefined = tree
  for (const name of path) {
    if (here?.kind === 'object') here = here.entries.get(name)
    else if (here?.kind === 'array') here = here.items[Number(name)]
    else return undefined
  }
  if (here === undefined || here.kind === 'null') return undefined
  if (here.kind === 'object') return [...here.entries.keys()]
  if (here.kind === 'array') return here.items.flatMap((item) => leafText(item) ?? [])
  return leafText(here)
}

function leafText(tree: JsonTree): string | undefined {
  if (tree.kind === 'string') return unquote(tree.text)
  return tree.kind === 'number' || tree.kind === 'boolean' ? tree.text : undefined
}

function write(tree: JsonTree, fields: readonly (readonly string[])[]): string {
  if (tree.kind === 'object') {
    const members: string[] = []
    for (const [name, value] of tree.entries) {
      const below = fieldsBelow(fields, name)
      if (below !== undefined) members.push(`${quote(name)}:${write(value, below)}`)
    }
    return `{${members.join(',')}}`
  }
  if (tree.kind === 'array') {
    const items = tree.items.flatMap((item, index) => {
      const below = fieldsBelow(fields, String(index))
      return below === undefined ? [] : [write(item, below)]
    })
    return `[${items.join(',')}]`
  }
  return tree.kind === 'null' ? 'null' : tree.text
}

/** Undefined where the member itself is left out. */
function fieldsBelow(fields: readonly (readonly string[])[], name: string): (readonly string[])[] | undefined {
  const below = fields.filter(([first]) => first === name).map((path) => path.slice(1))
  return below.some((path) => path.length === 0) ? undefined : below
}
